use std::fmt;

use aws_credential_types::Credentials;

use crate::{
    backend::BoxFuture,
    backends::aws::sdk::credentials::CredentialsSource,
    core::{error::Error, secret_value::SecretValue},
};

/// An access key.
#[derive(Clone)]
pub(in crate::backends::aws) struct StaticKeys {
    pub id: String,
    pub secret: SecretValue,
    pub session_token: Option<SecretValue>,
}

impl StaticKeys {
    /// Returns the key as the SDK signs with it; the SDK wipes its copy.
    pub(super) fn credentials(&self) -> Result<Credentials, Error> {
        let token = self.session_token.as_ref().map(|token| token.expose_str()).transpose()?;
        let (secret, token) = (self.secret.expose_str()?, token.map(str::to_owned));
        Ok(Credentials::new(&self.id, secret, token, None, "secrets-runtime"))
    }
}

impl CredentialsSource for StaticKeys {
    fn load(&self) -> BoxFuture<'_, Result<Credentials, Error>> {
        Box::pin(std::future::ready(self.credentials()))
    }
}

impl fmt::Debug for StaticKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaticKeys")
    }
}
