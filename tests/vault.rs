use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use secrets_runtime::{
    Backend, BoxFuture, Declaration, Error, ErrorKind, FetchRequest, Fetched, Resolver,
    ResolverBuilder, SecretValue,
};

/// A backend whose secrets change and which fails as it is told; it remembers what it was asked.
#[derive(Clone)]
pub struct Vault {
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

impl Vault {
    pub fn new(value: &str) -> Self {
        Self::of_kind("vault", value)
    }

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

    /// From now on it has this value in this version.
    pub fn rotate(&self, value: &str, version: Option<&str>) {
        let mut state = self.state.lock().unwrap();
        (state.value, state.version) = (value.to_owned(), version.map(str::to_owned));
    }

    pub fn fail(&self, kind: impl Into<Option<ErrorKind>>) {
        self.state.lock().unwrap().failure = kind.into();
    }

    /// Answers so much later.
    pub fn delay(&self, delay: Duration) {
        self.state.lock().unwrap().delay = delay;
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.state.lock().unwrap().calls.len()
    }

    /// What it was asked for the last time.
    pub fn last(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.last().cloned().unwrap_or_default()
    }

    pub fn builder(&self) -> ResolverBuilder {
        Resolver::builder().backend(self.clone()).default_backend(self.kind)
    }

    pub fn resolver(&self) -> Resolver {
        self.builder().build().unwrap()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl fmt::Display for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the test's vault")
    }
}

impl Backend for Vault {
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
                Some(kind) => Err(Error::new(kind, "the vault is as the test wants it")),
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

/// A declaration of these sources.
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
