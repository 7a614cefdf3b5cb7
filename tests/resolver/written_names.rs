//! A store that knows its secrets by names in lower case, however they are written.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use secrets_runtime::{
    Backend, BoxFuture, Declaration, Error, ErrorKind, FetchRequest, Fetched, Identity, Payload,
    Resolver, Store,
};

#[derive(Debug, Clone, Default)]
struct AnyCase(Arc<Mutex<BTreeMap<String, String>>>);

impl fmt::Display for AnyCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table in the program")
    }
}

impl Backend for AnyCase {
    fn kind(&self) -> &str {
        "any-case"
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        Identity::new(request.id().to_lowercase())
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let answer = |request: &FetchRequest<'_>| {
            let secrets = self.0.lock().unwrap();
            let value = secrets.get(&request.id().to_lowercase());
            let missing = || Error::new(ErrorKind::NotFound, "there is no such secret");
            value.map(|value| Fetched::text(value.as_str())).ok_or_else(missing)
        };
        Box::pin(async move { requests.iter().map(answer).collect() })
    }

    fn as_store(&self) -> Option<&dyn Store> {
        Some(self)
    }
}

impl Store for AnyCase {
    fn put<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        let value = payload.value().expose_str().unwrap().to_owned();
        self.0.lock().unwrap().insert(id.to_lowercase(), value);
        Box::pin(async { Ok("1".to_owned()) })
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        let removed = self.0.lock().unwrap().remove(&id.to_lowercase());
        Box::pin(async move { Ok(removed.is_some()) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        Box::pin(async { Ok(self.0.lock().unwrap().keys().cloned().collect()) })
    }

    fn versions<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async { Ok(vec!["1".to_owned()]) })
    }
}

#[tokio::test]
async fn a_write_is_read_by_the_next_step_under_every_name() {
    let builder = Resolver::builder().backend(AnyCase::default()).default_backend("any-case");
    let resolver = builder.build().unwrap();
    let store = resolver.store("any-case").unwrap();
    let declaration = Declaration::builder("step").source("prod/db").unwrap().build();
    for (name, value) in [("prod/db", "SeNtInEl-1"), ("Prod/DB", "SeNtInEl-2")] {
        store.put(name, Payload::Text(value.into())).await.unwrap();
        let context = resolver.resolve(&declaration).await.unwrap();
        let read = context.secrets.get("prod/db", "prod_db").unwrap();
        assert!(
            read.expose_str().unwrap() == value,
            "the value before the write to {name} is cached"
        );
    }
}
