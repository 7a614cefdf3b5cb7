use std::fmt;

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        owned_request::OwnedRequest,
    },
    core::error::Error,
    rt::join_all::join_all,
};

/// Creates a backend from an async closure that fetches one secret. The secrets of a step are fetched at the same
/// time.
///
/// For a backend that can fetch many secrets in one request, can check for a secret without reading it, or can be
/// written, implement [`Backend`].
///
/// ```
/// use secrets_runtime::{Declaration, Error, ErrorKind, Fetched, Resolver, backend};
///
/// let vault = backend::from_fn("my-vault", |request| async move {
///     match request.id() {
///         "db" => Ok(Fetched::json(r#"{"user": "app", "password": "hunter2"}"#)),
///         _ => Err(Error::new(ErrorKind::NotFound, "the vault has no such secret")
///             .with_help("create it in the vault")),
///     }
/// });
/// let resolver = Resolver::builder().backend(vault).default_backend("my-vault").build()?;
/// let declaration = Declaration::builder("load").source("db")?.build();
/// let secrets = resolver.resolve_blocking(&declaration)?.secrets;
/// assert_eq!(secrets.get("db", "password")?.expose_str()?, "hunter2");
/// # Ok::<(), Error>(())
/// ```
///
/// A closure that awaits a client which is built on tokio needs the feature `tokio`:
///
/// ```
/// # use secrets_runtime::{Capabilities, Fetched, backend};
/// # async fn ask_the_vault(_id: &str) -> Result<Fetched, secrets_runtime::Error> { Ok(Fetched::text("x")) }
/// let vault = backend::from_fn("my-vault", |request| async move { ask_the_vault(request.id()).await })
///     .with_capabilities(Capabilities::new().needs_tokio(true));
/// # drop(vault);
/// ```
pub fn from_fn<F, T>(kind: impl Into<String>, fetch: F) -> FromFn<F>
where
    F: Fn(OwnedRequest) -> T + Send + Sync + 'static,
    T: Future<Output = Result<Fetched, Error>> + Send + 'static,
{
    FromFn { kind: kind.into(), capabilities: Capabilities::new(), fetch }
}

/// A backend from an async closure: see [`from_fn`].
#[derive(Clone)]
pub struct FromFn<F> {
    kind: String,
    capabilities: Capabilities,
    fetch: F,
}

impl<F> FromFn<F> {
    /// Sets the capabilities.
    #[must_use]
    pub fn with_capabilities(self, capabilities: Capabilities) -> Self {
        Self { capabilities, ..self }
    }
}

impl<F, T> Backend for FromFn<F>
where
    F: Fn(OwnedRequest) -> T + Send + Sync + 'static,
    T: Future<Output = Result<Fetched, Error>> + Send + 'static,
{
    fn kind(&self) -> &str {
        &self.kind
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let fetch = |request: &FetchRequest<'_>| Box::pin((self.fetch)(request.into()));
            join_all(requests.iter().map(fetch).collect()).await
        })
    }
}

impl<F> fmt::Display for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the backend `{}`", self.kind)
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFn").field("kind", &self.kind).finish_non_exhaustive()
    }
}
