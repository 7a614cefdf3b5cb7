use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, identity::IdentityCache, imds::region::ImdsRegionProvider,
    meta::region::ProvideRegion, profile::ProfileFileRegionProvider,
    provider_config::ProviderConfig, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_secretsmanager::Client;
use tokio::sync::{OnceCell, Semaphore};

use crate::{
    backends::aws::{
        aliases::ArnAliases,
        sdk::{
            config::{AwsConfig, CredentialsConfig},
            credentials::SharedCredentials,
            credentials::default_chain::{DefaultChain, imds},
            credentials::from_secret::SecretCredentials,
            error::AwsFailure,
            fetch::batch_memory::BatchMemory,
            http_client::http_client,
            interceptors::{RedactResponses, WarnPlaintextEndpoint},
            retries::TransientErrors,
            role::Role,
            scope::{AwsService, Scope},
            settings,
        },
    },
    core::error::{Error, ErrorKind, Problem},
};

/// How many secrets are fetched by requests of their own at the same time.
const AT_ONCE: usize = 32;
/// How often a request is sent at most that fails for a moment; the timeout may end it sooner.
const ATTEMPTS: u32 = 6;
/// About how long a request waits before it is sent the second time; twice as long before the third, and so on.
const BACKOFF: Duration = Duration::from_millis(200);
/// The SDK's own default, which means that nothing else is set.
const SDK_ATTEMPTS: u32 = 3;

/// The SDK's clients: one for each region and role, created when it is first needed.
pub(super) struct Clients {
    config: AwsConfig,
    sdk: OnceCell<Sdk>,
    default_region: OnceCell<Result<Option<String>, Error>>,
    roles: Mutex<HashMap<String, SharedCredentials>>,
    scopes: Mutex<HashMap<Scope, Arc<ScopeClient>>>,
    /// A request for a single secret takes a permit.
    pub singles: Semaphore,
    pub aliases: ArnAliases,
}

/// What all clients share.
struct Sdk {
    config: SdkConfig,
    caller: SharedCredentials,
}

/// The client of a scope, and what is known about it.
pub(super) struct ScopeClient {
    pub client: Client,
    pub scope: Scope,
    pub batches: BatchMemory,
}

impl Clients {
    pub(super) fn new(config: AwsConfig) -> Self {
        Self {
            config,
            sdk: OnceCell::new(),
            default_region: OnceCell::new(),
            roles: Mutex::default(),
            scopes: Mutex::default(),
            singles: Semaphore::new(AT_ONCE),
            aliases: ArnAliases::default(),
        }
    }

    pub(super) fn config(&self) -> &AwsConfig {
        &self.config
    }

    /// Returns the default region: that of the setting, else that of the SDK's own chain.
    pub(super) async fn default_region(&self) -> Result<String, Error> {
        if let Some(region) = &self.config.region {
            return Ok(region.clone());
        }
        let find = || async {
            if let Some((region, _)) = settings::configured_region().await? {
                return Ok(Some(region));
            }
            let provider = ProviderConfig::without_region().with_http_client(http_client());
            let instance =
                ImdsRegionProvider::builder().configure(&provider).imds_client(imds()).build();
            Ok(instance.region().await.map(|region| region.to_string()))
        };
        if let Some(region) = self.default_region.get_or_init(find).await.clone()? {
            return Ok(region);
        }
        // A profile that does not exist has no region either.
        let mut problems = match &self.config.credentials {
            Some(_) => Vec::new(),
            None => settings::credential_problems().await,
        };
        let missing = Problem::new(ErrorKind::InvalidConfig, "no AWS region is set");
        problems.push(missing.with_help(
            "set AWS_REGION or SECRETS_AWS_REGION, give the source options = { region = \"..\" }, or write its ARN",
        ));
        Err(Error::from_problems(problems))
    }

    /// Returns the default region, if it has been found already.
    pub(super) fn known_default_region(&self) -> Option<&str> {
        let found = || self.default_region.get()?.as_ref().ok()?.as_deref();
        self.config.region.as_deref().or_else(found)
    }

    /// Returns where a secret is looked for. The region is left out if it is the default one and not known so far.
    pub(super) fn location(
        &self,
        service: AwsService,
        region: Option<&str>,
        role: Option<&str>,
    ) -> String {
        let role = role.map(str::to_owned);
        match region.or_else(|| self.known_default_region()) {
            Some(region) => Scope { service, role, region: region.to_owned() }.to_string(),
            None => service.to_string(),
        }
    }

    /// Returns the client of a scope, whose role has been assumed.
    pub(super) async fn client(&self, scope: &Scope) -> Result<Arc<ScopeClient>, Error> {
        let (sdk, credentials) = self.open(scope, "AWS_ENDPOINT_URL_SECRETS_MANAGER").await?;
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = scopes.get(scope) {
            return Ok(known.clone());
        }
        let config = of_scope(&sdk.config, &scope.region, credentials);
        let config = aws_sdk_secretsmanager::config::Builder::from(&config)
            .retry_classifier(TransientErrors)
            .interceptor(RedactResponses)
            .interceptor(WarnPlaintextEndpoint);
        let client = ScopeClient {
            client: Client::from_conf(config.build()),
            scope: scope.clone(),
            batches: BatchMemory::new(self.config.clock.clone()),
        };
        let client = Arc::new(client);
        scopes.insert(scope.clone(), client.clone());
        Ok(client)
    }

    /// Returns the SDK's settings for a scope, whose role has been assumed. `endpoint` is the variable with the address of the
    /// service.
    pub(super) async fn scope_config(
        &self,
        scope: &Scope,
        endpoint: &'static str,
    ) -> Result<SdkConfig, Error> {
        let (sdk, credentials) = self.open(scope, endpoint).await?;
        Ok(of_scope(&sdk.config, &scope.region, credentials))
    }

    /// Checks the addresses of a scope, and loads its credentials before the first request, so that a refusal is reported as
    /// one.
    async fn open(
        &self,
        scope: &Scope,
        endpoint: &'static str,
    ) -> Result<(&Sdk, SharedCredentials), Error> {
        if self.config.endpoint_url.is_none() {
            settings::check_endpoint(endpoint)?;
            if scope.role.is_some() {
                settings::check_endpoint("AWS_ENDPOINT_URL_STS")?;
            }
        }
        let sdk = self.sdk(&scope.region).await?;
        let credentials = match &scope.role {
            None => sdk.caller.clone(),
            Some(role) => self.role(role, scope, sdk),
        };
        credentials.get().await?;
        Ok((sdk, credentials))
    }

    /// Returns the caller's ARN, before a role is assumed, and the default region.
    pub(super) async fn identity(&self) -> Result<(String, String), Error> {
        let region = self.default_region().await?;
        let output = self.caller(&region).await?.get_caller_identity().send().await;
        let what = format!("asking AWS STS in {region} for the caller");
        let output = output.map_err(|error| AwsFailure::of(&error).explain_call(&what))?;
        Ok((output.arn.unwrap_or_default(), region))
    }

    /// Returns the client of STS in a region, with the caller's own credentials, which have been loaded.
    async fn caller(&self, region: &str) -> Result<aws_sdk_sts::Client, Error> {
        if self.config.endpoint_url.is_none() {
            settings::check_endpoint("AWS_ENDPOINT_URL_STS")?;
        }
        let sdk = self.sdk(region).await?;
        sdk.caller.get().await?;
        Ok(sts(sdk, region))
    }

    /// Returns the credentials of a role: one AssumeRole serves every region.
    fn role(&self, arn: &str, scope: &Scope, sdk: &Sdk) -> SharedCredentials {
        let mut roles = self.roles.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            // The caller's own region, as the SDK does it; else one in which the role is needed.
            let own = sdk.config.region().map_or(scope.region.as_str(), |region| region.as_ref());
            SharedCredentials::new(Role {
                arn: arn.to_owned(),
                external_id: self.config.external_id.clone(),
                session_name: self.config.session_name.clone(),
                sts: sts(sdk, own),
            })
        };
        roles.entry(arn.to_owned()).or_insert_with(make).clone()
    }

    /// Returns the SDK's settings, read once. `needed` is the region of the first request: a profile that assumes
    /// a role needs one, and may have none.
    async fn sdk(&self, needed: &str) -> Result<&Sdk, Error> {
        let load = || async {
            settings::check_before_loading().await?;
            let region = match &self.config.region {
                Some(region) => Some(Region::new(region.clone())),
                None => match settings::region()? {
                    Some((region, _)) => Some(Region::new(region)),
                    None => ProfileFileRegionProvider::new().region().await,
                },
            };
            let region = region.unwrap_or_else(|| Region::new(needed.to_owned()));
            let timeouts = TimeoutConfig::builder()
                .connect_timeout(self.config.attempt_timeout.min(Duration::from_secs(3)))
                .operation_attempt_timeout(self.config.attempt_timeout)
                .operation_timeout(self.config.timeout)
                .build();
            let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
                .region(region)
                .http_client(http_client())
                .timeout_config(timeouts)
                .no_credentials();
            if let Some(url) = &self.config.endpoint_url {
                loader = loader.endpoint_url(url);
            }
            let config = loader.load().await;
            let caller = match &self.config.credentials {
                Some(CredentialsConfig::Keys(keys)) => SharedCredentials::new(keys.clone()),
                Some(CredentialsConfig::Provider(provider)) => {
                    SharedCredentials::new(SecretCredentials {
                        provider: provider.clone(),
                        // A little before the fetch that needs them, so that the error names what is slow.
                        timeout: self.config.timeout.mul_f32(0.8),
                    })
                }
                None => SharedCredentials::new(DefaultChain::of(&config).await),
            };
            Ok(Sdk { config: with_retries(config, self.config.attempts), caller })
        };
        self.sdk.get_or_try_init(load).await
    }
}

fn with_retries(config: SdkConfig, attempts: Option<u32>) -> SdkConfig {
    let retries = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    let attempts = attempts.unwrap_or(match retries.max_attempts() {
        SDK_ATTEMPTS => ATTEMPTS,
        set => set,
    });
    let retries = retries.with_max_attempts(attempts).with_initial_backoff(BACKOFF);
    config.into_builder().retry_config(retries).build()
}

/// Creates the client of STS in a region, with the caller's own credentials.
fn sts(sdk: &Sdk, region: &str) -> aws_sdk_sts::Client {
    let config = of_scope(&sdk.config, region, sdk.caller.clone());
    let config = aws_sdk_sts::config::Builder::from(&config);
    let config = config.interceptor(RedactResponses).interceptor(WarnPlaintextEndpoint);
    aws_sdk_sts::Client::from_conf(config.build())
}

fn of_scope(config: &SdkConfig, region: &str, credentials: SharedCredentials) -> SdkConfig {
    config
        .clone()
        .into_builder()
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        // They are cached already.
        .identity_cache(IdentityCache::no_cache())
        .build()
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}
