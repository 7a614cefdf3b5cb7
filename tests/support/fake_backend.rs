//! A backend with one value under every id, which a test changes.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use secrets_runtime::{
    Backend, BoxFuture, Declaration, Error, ErrorKind, FetchRequest, Fetched, Resolver,
    ResolverBuilder, SecretValue,
};

/// A backend that has one value for every request, or fails; it records what it is asked.
#[derive(Clone)]
pub struct FakeBackend {
    kind: &'static str,
    state: Arc<Mutex<State>>,
}

struct State {
    value: String,
    version: Option<String>,
    failure: Option<ErrorKind>,
    delay: Duration,
    /// The ids of each call.
    calls: Vec<Vec<String>>,
}

impl FakeBackend {
    /// A backend of the type `fake` with this value.
    pub fn new(value: &str) -> Self {
        Self::of_kind("fake", value)
    }

    /// A backend of this type with this value.
    pub fn of_kind(kind: &'static str, value: &str) -> Self {
        let state = State {
            value: value.to_owned(),
            version: None,
            failure: None,
            delay: Duration::ZERO,
            calls: Vec::new(),
        };
        Self { kind, state: Arc::new(Mutex::new(state)) }
    }

    /// Replaces the value and its version.
    pub fn rotate(&self, value: &str, version: Option<&str>) {
        let mut state = self.state.lock().unwrap();
        (state.value, state.version) = (value.to_owned(), version.map(str::to_owned));
    }

    /// Makes each later call fail with this kind of error, or succeed again.
    pub fn fail(&self, kind: impl Into<Option<ErrorKind>>) {
        self.state.lock().unwrap().failure = kind.into();
    }

    /// Delays each later answer.
    pub fn delay(&self, delay: Duration) {
        self.state.lock().unwrap().delay = delay;
    }

    /// The number of calls so far.
    pub fn calls(&self) -> usize {
        self.state.lock().unwrap().calls.len()
    }

    /// The ids of the last call.
    pub fn last(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.last().cloned().unwrap_or_default()
    }

    /// A builder whose default backend it is.
    pub fn builder(&self) -> ResolverBuilder {
        Resolver::builder().backend(self.clone()).default_backend(self.kind)
    }

    /// A resolver whose default backend it is.
    pub fn resolver(&self) -> Resolver {
        self.builder().build().unwrap()
    }
}

impl fmt::Debug for FakeBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeBackend")
    }
}

impl fmt::Display for FakeBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the test's backend")
    }
}

impl Backend for FakeBackend {
    fn kind(&self) -> &str {
        self.kind
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let delay = {
                let mut state = self.state.lock().unwrap();
                state.calls.push(requests.iter().map(|r| r.id().to_owned()).collect());
                state.delay
            };
            if !delay.is_zero() {
                let wait = secrets_runtime::backend::on_io_thread(async move {
                    tokio::time::sleep(delay).await;
                });
                wait.await.unwrap();
            }
            let state = self.state.lock().unwrap();
            let answer = |_: &FetchRequest<'_>| match state.failure {
                Some(kind) => Err(Error::new(kind, "the test wants this error")),
                None => {
                    let fetched = Fetched::text(SecretValue::from(state.value.as_str()));
                    Ok(match &state.version {
                        Some(version) => fetched.with_version(version.clone()),
                        None => fetched,
                    })
                }
            };
            requests.iter().map(answer).collect()
        })
    }
}

/// A declaration with these sources.
pub fn declared(sources: &[&str]) -> Declaration {
    let builder = Declaration::builder("step");
    sources.iter().fold(builder, |builder, source| builder.source(source).unwrap()).build()
}

/// The one value of a source, read by a step that starts now.
pub fn read(resolver: &Resolver, source: &str) -> Result<String, ErrorKind> {
    let context = resolver.resolve_blocking(&declared(&[source])).map_err(|error| error.kind())?;
    let value = context.secrets.get(source, source).map_err(|error| error.kind())?;
    Ok(value.expose_str().unwrap().to_owned())
}
