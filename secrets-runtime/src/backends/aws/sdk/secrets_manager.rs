use std::{fmt, sync::Arc, time::Duration};

use secrets_spec::BuiltIn;

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity, probe::Probe, store::Store,
    },
    backends::aws::{
        sdk::{
            clients::Clients,
            config::{AwsConfig, CredentialsConfig},
            credentials::{CredentialsProvider, static_keys::StaticKeys},
            fetch::{existence, fetch},
            io_call::{SECRETS_MANAGER, on_io_thread_for},
            probe::{PROBE_TIMEOUT, probe},
            scope::AwsService,
            ssm::ParameterStore,
        },
        target::ParsedRequest,
    },
    core::{error::Error, secret_value::SecretValue},
    settings::Settings,
};

/// AWS Secrets Manager, as a backend.
///
/// A source's id is a secret's name, or its full or partial ARN. Of a request the group is the secret and the
/// key a member of its JSON object; a group that is the start of an ARN (`arn:..:secret:`) is joined with the
/// key, and names the whole secret.
///
/// All secrets of a step are fetched in one round trip: one by GetSecretValue, more by BatchGetSecretValue in chunks
/// of 20, all at once. Where the batch action is not permitted, not known or throttled, each is fetched by a request
/// of its own, at most 32 at the same time, and so are later ones for a while: seconds after a throttled batch, about ten
/// minutes after one that was refused. Nothing is listed.
///
/// The region is the ARN's, then that of the options, then the setting's, then the AWS SDK's own. Endpoints,
/// FIPS, dual-stack, proxies and profiles are the SDK's own settings. Profiles of IAM Identity Center (SSO) need the
/// feature `aws-sso`, and those with a `credential_process` the feature `aws-process`.
///
/// The SDK's own buffers, from the network to the text of the value, are not wiped; those of this library are.
///
/// ```no_run
/// use secrets_runtime::{Resolver, backends::AwsSecretsManager};
///
/// # fn main() -> Result<(), secrets_runtime::Error> {
/// let aws = AwsSecretsManager::new().with_region("us-west-2");
/// Resolver::builder().backend(aws).default_backend("aws-secrets-manager").build()?.install()
/// # }
/// ```
#[derive(Clone)]
pub struct AwsSecretsManager(pub(super) Arc<Clients>);

impl AwsSecretsManager {
    /// How many days a deleted secret can be restored: the default of AWS
    /// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html>).
    pub const RECOVERY_DAYS: u16 = 30;

    /// Creates the backend with the process's own AWS settings and credentials.
    ///
    /// A program that sets nothing in code does not need it: the built-in backend is created from the settings.
    #[must_use]
    pub fn new() -> Self {
        Self::of(AwsConfig::default())
    }

    /// Creates the backend of the settings. Its credentials are those of the provider, if there is one.
    pub(crate) fn of_settings(
        settings: &Settings,
        provider: Option<Arc<dyn CredentialsProvider>>,
    ) -> Self {
        let credentials = provider.map(CredentialsConfig::Provider);
        Self::of(AwsConfig { credentials, ..AwsConfig::of(settings) })
    }

    fn of(config: AwsConfig) -> Self {
        Self(Arc::new(Clients::new(config)))
    }

    /// Sets the region where neither an ARN nor the options name one.
    #[must_use]
    pub fn with_region(self, region: impl Into<String>) -> Self {
        self.with(|config| config.region = Some(region.into()))
    }

    /// Sets the address of Secrets Manager and of STS: that of a private endpoint, or of a test's server.
    #[must_use]
    pub fn with_endpoint_url(self, url: impl Into<String>) -> Self {
        self.with(|config| config.endpoint_url = Some(url.into()))
    }

    /// Sets the access key, in place of the SDK's own chain of credentials. It is used as a whole: the session
    /// token is not looked for elsewhere.
    #[must_use]
    pub fn with_access_key(
        self,
        id: impl Into<String>,
        secret: impl Into<SecretValue>,
        session_token: Option<SecretValue>,
    ) -> Self {
        let keys = StaticKeys { id: id.into(), secret: secret.into(), session_token };
        self.with(|config| config.credentials = Some(CredentialsConfig::Keys(keys)))
    }

    /// Sets the role for writing, listing and tags. What a step reads is read in the role of its source.
    #[must_use]
    pub fn with_role(self, arn: impl Into<String>) -> Self {
        self.with(|config| config.role = Some(arn.into()))
    }

    /// Sets the external id with which roles are assumed.
    #[must_use]
    pub fn with_external_id(self, id: impl Into<String>) -> Self {
        self.with(|config| config.external_id = Some(id.into()))
    }

    /// Sets the session name with which roles are assumed; `secrets-runtime` if it is not set.
    #[must_use]
    pub fn with_session_name(self, name: impl Into<String>) -> Self {
        self.with(|config| config.session_name = name.into())
    }

    /// Sets how long one attempt at a request may take, and all attempts together: 5 and 30 seconds if they are
    /// not set.
    #[must_use]
    pub fn with_timeouts(self, attempt: Duration, all: Duration) -> Self {
        self.with(|config| (config.attempt_timeout, config.timeout) = (attempt, all))
    }

    /// Sets the maximum number of attempts for a request that fails temporarily: 1 means no second attempt. By default
    /// it is what `AWS_MAX_ATTEMPTS` or the profile says, else 6.
    #[must_use]
    pub fn with_max_attempts(self, attempts: u32) -> Self {
        self.with(|config| config.attempts = Some(attempts.max(1)))
    }

    /// Returns the backend `ssm`, the parameters of AWS Systems Manager, with the settings, the credentials and the roles
    /// of this backend.
    ///
    /// ```no_run
    /// use secrets_runtime::{Resolver, backends::AwsSecretsManager};
    ///
    /// # fn main() -> Result<(), secrets_runtime::Error> {
    /// let aws = AwsSecretsManager::new().with_region("us-west-2");
    /// Resolver::builder().backend(aws.parameter_store()).backend(aws).build()?.install()
    /// # }
    /// ```
    #[must_use]
    pub fn parameter_store(&self) -> ParameterStore {
        ParameterStore::new(self.0.clone())
    }

    /// Sets the clock by which it is remembered that batches are throttled or refused.
    #[cfg(any(test, feature = "conformance"))]
    #[doc(hidden)]
    #[must_use]
    pub fn with_clock(self, clock: &crate::rt::clock::ManualClock) -> Self {
        self.with(|config| config.clock = clock.into())
    }

    fn with(self, change: impl FnOnce(&mut AwsConfig)) -> Self {
        let mut config = self.0.config().clone();
        change(&mut config);
        Self::of(config)
    }
}

impl Default for AwsSecretsManager {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for AwsSecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRETS_MANAGER)
    }
}

impl fmt::Debug for AwsSecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AwsSecretsManager").field(&self.0).finish()
    }
}

impl Backend for AwsSecretsManager {
    fn kind(&self) -> &str {
        BuiltIn::AwsSecretsManager.name()
    }

    fn capabilities(&self) -> Capabilities {
        // Its methods go to the I/O thread by themselves, so that a direct call needs no runtime either.
        Capabilities::new().needs_tokio(false)
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        ParsedRequest::of(request).identity()
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let clients = self.0.clone();
        on_io_thread_for(SECRETS_MANAGER, requests, parsed, move |wanted| fetch(clients, wanted))
    }

    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        let clients = self.0.clone();
        on_io_thread_for(SECRETS_MANAGER, requests, parsed, move |wanted| {
            existence::exists(clients, wanted)
        })
    }

    /// With one attempt of 3 seconds at each call.
    fn probe(&self) -> BoxFuture<'_, Probe> {
        let quick = self.clone().with_timeouts(PROBE_TIMEOUT, PROBE_TIMEOUT).with_max_attempts(1);
        Box::pin(async move { probe(&quick, quick.caller()).await })
    }

    fn location(&self, request: &FetchRequest<'_>) -> String {
        let ParsedRequest { region, role, .. } = ParsedRequest::of(request);
        self.0.location(AwsService::SecretsManager, region.as_deref(), role.as_deref())
    }

    fn as_store(&self) -> Option<&dyn Store> {
        Some(self)
    }
}

fn parsed(request: &FetchRequest<'_>) -> Result<ParsedRequest, Error> {
    Ok(ParsedRequest::of(request))
}
