use std::{fmt, sync::Arc, time::Duration};

use crate::{
    backends::aws::sdk::credentials::{CredentialsProvider, static_keys::StaticKeys},
    core::redacted_url::RedactedUrl,
    rt::clock::Clock,
    settings::Settings,
};

/// The settings of the backend. For all else the AWS SDK's own settings apply.
#[derive(Clone)]
pub(super) struct AwsConfig {
    /// For requests in which neither an ARN nor the options name one.
    pub region: Option<String>,
    /// For writing, where no source names a role.
    pub role: Option<String>,
    pub external_id: Option<String>,
    pub session_name: String,
    pub endpoint_url: Option<String>,
    /// In the place of the SDK's own chain.
    pub credentials: Option<CredentialsConfig>,
    /// How often a request is sent at most, if it is set in code.
    pub attempts: Option<u32>,
    /// For one attempt at a request.
    pub attempt_timeout: Duration,
    /// For a whole fetch.
    pub timeout: Duration,
    /// The clock by which it is remembered that batches are throttled or refused.
    pub clock: Clock,
}

/// Credentials that are not the SDK's own.
#[derive(Clone)]
pub(super) enum CredentialsConfig {
    /// An access key of the program's.
    Keys(StaticKeys),
    /// A secret of another backend.
    Provider(Arc<dyn CredentialsProvider>),
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
            clock: Clock::default(),
        }
    }
}

impl fmt::Debug for AwsConfig {
    /// The key's id is not secret, but nobody needs it in a log.
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
