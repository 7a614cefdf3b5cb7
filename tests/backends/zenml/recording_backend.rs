//! A backend with two secrets, `a` (`k`) and `b` (`x`), that records what is asked and may refuse.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use secrets_runtime::{Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, Resolver};

#[derive(Debug, Clone, Default)]
pub struct RecordingBackend {
    pub may_not_read: bool,
    pub may_not_list: bool,
    pub read: Arc<Mutex<Vec<String>>>,
    pub listed: Arc<Mutex<Vec<String>>>,
}

impl RecordingBackend {
    pub fn resolver(&self) -> Resolver {
        let builder = Resolver::builder().backend(self.clone()).default_backend("counting");
        builder.build().expect("good settings")
    }

    /// The secrets whose values were read, in order.
    pub fn read(&self) -> Vec<String> {
        self.read.lock().expect("no panic").clone()
    }

    /// The secrets that were looked for without reading, in order.
    pub fn listed(&self) -> Vec<String> {
        self.listed.lock().expect("no panic").clone()
    }
}

impl fmt::Display for RecordingBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a counting table")
    }
}

impl Backend for RecordingBackend {
    fn kind(&self) -> &str {
        "counting"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let fetch = |request: &FetchRequest<'_>| {
            self.read.lock().expect("no panic").push(request.id().to_owned());
            match request.id() {
                _ if self.may_not_read => Err(Error::new(ErrorKind::AccessDenied, "read denied")),
                "a" => Ok(Fetched::json(r#"{"k": "SeNtInEl"}"#)),
                "b" => Ok(Fetched::json(r#"{"x": ""}"#)),
                _ => Err(Error::new(ErrorKind::NotFound, "it is not in the table")),
            }
        };
        Box::pin(std::future::ready(requests.iter().map(fetch).collect()))
    }

    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        let exists = |request: &FetchRequest<'_>| {
            self.listed.lock().expect("no panic").push(request.id().to_owned());
            match self.may_not_list {
                true => Err(Error::new(ErrorKind::AccessDenied, "list denied")),
                false => Ok(["a", "b"].contains(&request.id())),
            }
        };
        Box::pin(std::future::ready(requests.iter().map(exists).collect()))
    }
}
