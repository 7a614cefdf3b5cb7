pub(super) mod default_chain;
pub(super) mod from_secret;
pub(super) mod static_keys;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError, future},
};
use tokio::sync::Mutex;

use crate::{backend::BoxFuture, core::error::Error, credentials::AwsCredentials};

/// How long before they expire credentials are loaded again.
const MARGIN: Duration = Duration::from_secs(5 * 60);
/// How long credentials serve that have no expiry: a file may have new ones.
const UNLIMITED: Duration = Duration::from_secs(15 * 60);

/// A secret of another backend that is credentials for AWS: the handle that the resolver passes.
pub(crate) trait CredentialsProvider: fmt::Debug + Send + Sync + 'static {
    /// Fetches the credentials, within this time. An error is never `NotFound`, which would say that AWS does not
    /// have the secret that was asked for.
    fn fetch(&self, timeout: Duration) -> BoxFuture<'_, Result<AwsCredentials, Error>>;
}

/// A source of credentials.
pub(in crate::backends::aws) trait CredentialsSource:
    fmt::Debug + Send + Sync + 'static
{
    fn load(&self) -> BoxFuture<'_, Result<Credentials, Error>>;
}

/// Credentials that are loaded once for all that ask at the same time, and again before they expire.
#[derive(Debug, Clone)]
pub(in crate::backends::aws) struct SharedCredentials(Arc<Inner>);

struct Inner {
    source: Box<dyn CredentialsSource>,
    last: Mutex<Option<LoadedCredentials>>,
}

struct LoadedCredentials {
    at: Instant,
    outcome: Result<Credentials, Error>,
}

impl SharedCredentials {
    pub(in crate::backends::aws) fn new(source: impl CredentialsSource) -> Self {
        Self(Arc::new(Inner { source: Box::new(source), last: Mutex::new(None) }))
    }

    /// Returns the credentials. A failure is shared by those who waited for it, and not cached.
    pub(in crate::backends::aws) async fn get(&self) -> Result<Credentials, Error> {
        let asked = Instant::now();
        let mut last = self.0.last.lock().await;
        if let Some(loaded) = last.as_ref().filter(|loaded| loaded.serves(asked)) {
            return loaded.outcome.clone();
        }
        let outcome = self.0.source.load().await;
        *last = Some(LoadedCredentials { at: Instant::now(), outcome: outcome.clone() });
        outcome
    }
}

impl LoadedCredentials {
    fn serves(&self, asked: Instant) -> bool {
        match &self.outcome {
            Err(_) => self.at >= asked,
            Ok(credentials) => match credentials.expiry() {
                Some(end) => end > SystemTime::now() + MARGIN || self.at >= asked,
                None => self.at.elapsed() < UNLIMITED,
            },
        }
    }
}

impl ProvideCredentials for SharedCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        // Our error goes through the SDK as a source, and is found again in `AwsFailure`.
        future::ProvideCredentials::new(async {
            self.get().await.map_err(CredentialsError::provider_error)
        })
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}
