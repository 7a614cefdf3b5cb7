use std::{fmt, sync::Arc, time::Duration};

use aws_credential_types::Credentials;

use crate::{
    backends::{aws::credentials::provider::CredentialsProvider, http::redacted_url::RedactedUrl},
    core::{error::Error, secret_value::SecretValue},
    settings::Settings,
};

/// What is set for the backend; the AWS SDK's own settings hold for the rest.
#[derive(Clone)]
pub(super) struct AwsConfig {
    /// Where neither an ARN nor the options name one.
    pub region: Option<String>,
    /// For what is written, which no source gives a role for.
    pub role: Option<String>,
    pub external_id: Option<String>,
    pub session_name: String,
    pub endpoint_url: Option<String>,
    /// In the place of the SDK's own chain.
    pub credentials: Option<ConfigParts>,
    /// How often a request is sent at most, if it is set in code.
    pub attempts: Option<u32>,
    /// For one attempt at a request.
    pub attempt_timeout: Duration,
    /// For all that one fetch takes.
    pub timeout: Duration,
}

/// Credentials that are not the SDK's own.
#[derive(Clone)]
pub(super) enum ConfigParts {
    /// By the program.
    StaticKeys(StaticKeys),
    /// By another backend.
    SecretCredentials(Arc<dyn CredentialsProvider>),
}

/// An access key.
#[derive(Clone)]
pub(super) struct StaticKeys {
    pub id: String,
    pub secret: SecretValue,
    pub session_token: Option<SecretValue>,
}

impl StaticKeys {
    /// As the SDK signs with them; it wipes its copy.
    pub(super) fn credentials(&self) -> Result<Credentials, Error> {
        let token = self.session_token.as_ref().map(|token| token.expose_str()).transpose()?;
        let (secret, token) = (self.secret.expose_str()?, token.map(str::to_owned));
        Ok(Credentials::new(&self.id, secret, token, None, "secrets-runtime"))
    }
}

impl AwsConfig {
    pub(super) fn of(settings: &Settings) -> Self {
        let owned = |text: &str| text.to_owned();
        let role = settings.default_role().as_str().filter(|role| !role.is_empty());
        let role = role.or(settings.aws.role.as_ref().map(|role| role.as_str()));
        Self {
            region: settings.aws.region.clone(),
            role: role.map(owned),
            external_id: settings.aws.external_id.clone(),
            session_name: settings.aws.session_name.clone().unwrap_or(Self::default().session_name),
            attempt_timeout: settings.attempt_timeout(),
            timeout: settings.timeout(),
            ..Self::default()
        }
    }
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            region: None,
            role: None,
            external_id: None,
            session_name: "secrets-runtime".to_owned(),
            endpoint_url: None,
            credentials: None,
            attempts: None,
            attempt_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
        }
    }
}

impl fmt::Debug for AwsConfig {
    /// The key's id is no secret, but nobody needs it in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsConfig")
            .field("region", &self.region)
            .field("role", &self.role)
            .field("endpoint_url", &self.endpoint_url.as_deref().map(RedactedUrl))
            .field("own_credentials", &self.credentials.is_some())
            .field("attempts", &self.attempts)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_an_endpoint_is_not_printed() {
        let url = "https://user:SeNtInEl@host:1/x".to_owned();
        let config = AwsConfig { endpoint_url: Some(url), ..AwsConfig::default() };
        let printed = format!("{config:?}");
        assert!(printed.contains("https://host:1/x") && !printed.contains("SeNtInEl"));
    }
}
