//! A backend that has everything, at once: what is measured with it is the library.

use std::fmt;

use secrets_runtime::{Backend, BoxFuture, Declaration, Error, FetchRequest, Fetched, Resolver};

/// The backend `in-memory`; each secret has the field `password`, of so many bytes.
#[derive(Debug)]
pub struct InMemory {
    /// How many bytes the field has.
    pub bytes: usize,
}

impl fmt::Display for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the benchmarks' own backend")
    }
}

impl Backend for InMemory {
    fn kind(&self) -> &str {
        "in-memory"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let payload = format!(r#"{{"password":"{}"}}"#, value(self.bytes));
        Box::pin(
            async move { requests.iter().map(|_| Ok(Fetched::json(payload.clone()))).collect() },
        )
    }
}

/// A resolver with it.
pub fn resolver(bytes: usize) -> Result<Resolver, Error> {
    Resolver::builder().backend(InMemory { bytes }).default_backend("in-memory").build()
}

/// A declaration of these sources.
pub fn declaration(names: &[String]) -> Result<Declaration, Error> {
    let builder = names
        .iter()
        .try_fold(Declaration::builder("step"), |builder, name| builder.source(name.as_str()));
    Ok(builder?.build())
}

/// A value of so many bytes.
pub fn value(bytes: usize) -> String {
    "SeNtInEl".chars().cycle().take(bytes).collect()
}
