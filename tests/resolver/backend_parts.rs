//! A backend that consists of several.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use secrets_runtime::{
    Backend, BoxFuture, Declaration, Error, ErrorKind, FetchRequest, Fetched, Resolver,
};

/// A backend of two parts: the second one has everything, the first one what it was given.
#[derive(Debug)]
struct TwoParts([Arc<Part>; 2]);

#[derive(Debug)]
struct Part {
    has_all: AtomicBool,
    value: &'static str,
}

impl TwoParts {
    fn new() -> Self {
        let part = |value, has_all| Arc::new(Part { has_all: AtomicBool::new(has_all), value });
        Self([part("SeNtInEl-first", false), part("SeNtInEl-second", true)])
    }
}

impl fmt::Display for TwoParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("two places")
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of two places")
    }
}

impl Backend for TwoParts {
    fn kind(&self) -> &str {
        "two-parts"
    }

    fn parts(&self) -> Vec<Arc<dyn Backend>> {
        let [first, second] = self.0.clone();
        vec![first, second]
    }

    fn fetch<'a>(
        &'a self,
        _: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        unreachable!("its parts are asked")
    }
}

impl Backend for Part {
    fn kind(&self) -> &str {
        "two-parts"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let answer = |_: &FetchRequest<'_>| match self.has_all.load(Ordering::Relaxed) {
            true => Ok(Fetched::text(self.value)),
            false => Err(Error::new(ErrorKind::NotFound, "it is not here")),
        };
        Box::pin(async move { requests.iter().map(answer).collect() })
    }
}

#[test]
fn the_parts_of_a_backend_are_cached_apart() {
    let backend = TwoParts::new();
    let first = backend.0[0].clone();
    let builder = Resolver::builder().backend(backend).default_backend("two-parts");
    let resolver = builder.build().unwrap();
    let declaration = Declaration::builder("step").request("db", "user").unwrap().build();
    let value = || {
        let context = resolver.resolve_blocking(&declaration).unwrap();
        context.secrets.get("db", "user").unwrap().expose_str().unwrap().to_owned()
    };
    assert_eq!(value(), "SeNtInEl-second");
    first.has_all.store(true, Ordering::Relaxed);
    assert_eq!(value(), "SeNtInEl-first", "what the second one answered is not the first one's");
}
