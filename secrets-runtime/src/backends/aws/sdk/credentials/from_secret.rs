use std::{fmt, sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use tokio::task::spawn_blocking;

use crate::{
    backend::BoxFuture,
    backends::aws::sdk::credentials::{
        CredentialsProvider, CredentialsSource, static_keys::StaticKeys,
    },
    core::error::{Error, ErrorKind},
    credentials::AwsCredentials,
    rt::block_on::block_on,
};

/// Credentials that are a secret of another backend.
pub(in crate::backends::aws) struct SecretCredentials {
    pub provider: Arc<dyn CredentialsProvider>,
    /// How long that backend may take.
    pub timeout: Duration,
}

impl CredentialsSource for SecretCredentials {
    fn load(&self) -> BoxFuture<'_, Result<Credentials, Error>> {
        let (provider, timeout) = (self.provider.clone(), self.timeout);
        Box::pin(async move {
            // A backend may block where it is polled, which the I/O thread may not: all requests are on it.
            let fetched = spawn_blocking(move || block_on(provider.fetch(timeout))).await;
            let fetched = fetched.map_err(|_| {
                Error::new(ErrorKind::Unavailable, "the AWS credentials were lost on the way")
                    .with_help("this is a bug in their backend: please report it")
            })?;
            let AwsCredentials { access_key, secret_access_key, session_token } = fetched?;
            let id = access_key.expose_str()?.to_owned();
            StaticKeys { id, secret: secret_access_key, session_token }.credentials()
        })
    }
}

impl fmt::Debug for SecretCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretCredentials").field(&self.provider).finish()
    }
}
