use crate::{
    backend::{Backend, fetch_request::FetchRequest},
    core::error::{Error, ErrorKind},
};

/// The id of a secret that does not exist: a backend is asked for it to see whether it answers.
pub(crate) const PROBE_ID: &str = "secrets-doctor-probe";

/// Whether a backend can serve requests, and as whom it knows this process: the answer of
/// [`Backend::probe`](crate::Backend::probe).
///
/// A backend that knows its caller says so, and one that has further reasons to fail checks them:
///
/// ```
/// use std::fmt;
/// use secrets_runtime::{
///     Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched,
///     backend::{self, Probe},
/// };
///
/// #[derive(Debug)]
/// struct MyVault {
///     user: Option<String>,
/// }
///
/// impl fmt::Display for MyVault {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("vault.internal")
///     }
/// }
///
/// impl Backend for MyVault {
///     fn kind(&self) -> &str {
///         "my-vault"
///     }
///     fn fetch<'a>(&'a self, requests: &'a [FetchRequest<'a>]) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
///         let missing = |_: &FetchRequest<'_>| Err(Error::new(ErrorKind::NotFound, "it is empty"));
///         backend::one_by_one(requests, missing)
///     }
///     fn probe(&self) -> BoxFuture<'_, Probe> {
///         Box::pin(async move {
///             match &self.user {
///                 Some(user) => Probe::by_exists(self).await.with_caller(user),
///                 None => Probe::unreachable(Error::new(ErrorKind::AccessDenied, "nobody is logged in")),
///             }
///         })
///     }
/// }
///
/// let probe = MyVault { user: Some("ci".to_owned()) }.probe_blocking();
/// assert!(probe.is_reachable());
/// assert_eq!(probe.caller(), Some("ci"));
/// let probe = MyVault { user: None }.probe_blocking();
/// assert_eq!(probe.error().map(Error::kind), Some(ErrorKind::AccessDenied));
/// ```
#[derive(Debug, Clone)]
pub struct Probe {
    caller: Option<String>,
    error: Option<Error>,
}

impl Probe {
    /// Creates the answer of a backend that can serve requests.
    #[must_use]
    pub fn reachable() -> Self {
        Self { caller: None, error: None }
    }

    /// Creates the answer of a backend that cannot serve requests, with the reason.
    #[must_use]
    pub fn unreachable(error: Error) -> Self {
        Self { caller: None, error: Some(error) }
    }

    /// Asks a backend whether a secret exists that is not there, and returns whether it answers: the provided
    /// [`Backend::probe`](crate::Backend::probe). A backend that needs tokio is asked in tokio's context only.
    pub async fn by_exists(backend: &(impl Backend + ?Sized)) -> Self {
        let requests = [FetchRequest::named(PROBE_ID)];
        match backend.exists(&requests).await.pop() {
            Some(Ok(_)) => Self::reachable(),
            Some(Err(error)) => Self::unreachable(error),
            None => {
                let message = "the backend returned no answer";
                Self::unreachable(Error::new(ErrorKind::Unavailable, message))
            }
        }
    }

    /// Sets as whom the backend knows this process, such as a user or the ARN of a role.
    #[must_use]
    pub fn with_caller(self, caller: impl Into<String>) -> Self {
        Self { caller: Some(caller.into()), ..self }
    }

    /// Returns as whom the backend knows this process, if it says so.
    #[must_use]
    pub fn caller(&self) -> Option<&str> {
        self.caller.as_deref()
    }

    /// Returns whether the backend can serve requests.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        self.error.is_none()
    }

    /// Returns why the backend cannot serve requests.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }
}

/// [`reachable`](Probe::reachable), or [`unreachable`](Probe::unreachable) with the error.
impl From<Result<(), Error>> for Probe {
    fn from(result: Result<(), Error>) -> Self {
        result.map_or_else(Self::unreachable, |()| Self::reachable())
    }
}
