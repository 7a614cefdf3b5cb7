use std::fmt;

use secrets_runtime::{
    Capabilities, Fetched,
    backend::{BoxFuture, FetchRequest},
};

use super::*;

/// A backend that answers so many times, whatever it is asked.
#[derive(Debug)]
struct Miscounting(usize);

impl fmt::Display for Miscounting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a backend that miscounts")
    }
}

impl Backend for Miscounting {
    fn kind(&self) -> &str {
        "miscounting"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
    }

    fn fetch<'a>(
        &'a self,
        _: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async { (0..self.0).map(|_| Ok(Fetched::text("SeNtInEl"))).collect() })
    }

    fn exists<'a>(&'a self, _: &'a [FetchRequest<'a>]) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        Box::pin(async { (0..self.0).map(|_| Ok(true)).collect() })
    }
}

#[test]
fn a_missing_answer_is_not_taken_for_a_missing_secret() {
    for given in [0, 1, 3] {
        let builder = Resolver::builder().backend(Miscounting(given));
        let resolver = builder.default_backend("miscounting").build().unwrap();
        let stores = Stores::of(&resolver).unwrap_or_else(|_| panic!("the backend is there"));
        let error = stores.has_each(&["a", "b"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let text = error.to_string();
        assert!(text.contains(&format!("{given} answers to 2 requests")), "{text}");
    }
    let resolver = Resolver::builder().backend(Miscounting(2)).default_backend("miscounting");
    let stores = Stores::of(&resolver.build().unwrap()).unwrap_or_else(|_| panic!("it is there"));
    assert!(matches!(&stores.has_each(&["a", "b"]).unwrap()[..], [Ok(true), Ok(true)]));
}
