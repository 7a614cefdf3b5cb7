//! The Parameter Store of AWS Systems Manager.

mod client;
mod endpoint;
mod fetch;
mod plan;

use std::{fmt, sync::Arc, time::Duration};

use secrets_spec::BuiltIn;

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity, probe::Probe,
    },
    backends::aws::{
        parameter::ParameterRequest,
        sdk::{
            clients::Clients,
            config::AwsConfig,
            io_call::{PARAMETER_STORE, on_io_thread_for},
            probe::{PROBE_TIMEOUT, probe},
            scope::AwsService,
            ssm::{
                client::ParameterClients,
                fetch::{exists, fetch},
            },
        },
    },
    core::error::Error,
    rt::{block_on::block_on, io_thread::on_io_thread},
};

/// The parameters of AWS Systems Manager, as the backend `ssm`.
///
/// A source's id is a parameter's name, with a version or a label after a colon if not the newest is meant, or its ARN.
/// A parameter is one plain value, also a `StringList`, unless the source says `json = true`. A path that ends in `/*`
/// is one secret: its fields are the parameters directly below the path. Of a request the group is the parameter, and
/// the key a member of its JSON object, or a field of the set.
///
/// Parameters are decrypted, and read ten by a request, all requests at once. Where one of the ten is not permitted, AWS
/// refuses all of them; then each is read by a request of its own.
///
/// [`AwsSecretsManager::parameter_store`](crate::backends::AwsSecretsManager::parameter_store) creates it: both have the
/// same settings, credentials and roles.
#[derive(Clone)]
pub struct ParameterStore(Arc<ParameterClients>);

impl ParameterStore {
    pub(super) fn new(clients: Arc<Clients>) -> Self {
        Self(Arc::new(ParameterClients::new(clients)))
    }

    /// Sets how long one attempt at a request may take, and all attempts together, as
    /// [`AwsSecretsManager::with_timeouts`](crate::backends::AwsSecretsManager::with_timeouts) does.
    #[must_use]
    pub fn with_timeouts(self, attempt: Duration, all: Duration) -> Self {
        self.with(|config| (config.attempt_timeout, config.timeout) = (attempt, all))
    }

    /// Sets the maximum number of attempts for a request that fails temporarily: 1 means no second attempt.
    #[must_use]
    pub fn with_max_attempts(self, attempts: u32) -> Self {
        self.with(|config| config.attempts = Some(attempts.max(1)))
    }

    fn with(self, change: impl FnOnce(&mut AwsConfig)) -> Self {
        let mut config = self.0.clients.config().clone();
        change(&mut config);
        Self::new(Arc::new(Clients::new(config)))
    }

    /// Returns the caller's ARN, before a role is assumed, and the region: to check the settings.
    ///
    /// # Errors
    /// If there are no credentials or no region, or AWS cannot be asked.
    pub async fn caller(&self) -> Result<(String, String), Error> {
        let clients = self.0.clone();
        on_io_thread(async move { clients.clients.identity().await }).await?
    }

    /// Blocking version of [`caller`](Self::caller): parks this thread; works inside and outside any runtime.
    ///
    /// # Errors
    /// Those of [`caller`](Self::caller).
    pub fn caller_blocking(&self) -> Result<(String, String), Error> {
        block_on(self.caller())
    }
}

impl Backend for ParameterStore {
    fn kind(&self) -> &str {
        BuiltIn::Ssm.name()
    }

    fn capabilities(&self) -> Capabilities {
        // Its methods go to the I/O thread by themselves, so that a direct call needs no runtime either.
        Capabilities::new().needs_tokio(false)
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        match ParameterRequest::of(request) {
            Ok(parsed) => parsed.identity(),
            Err(_) => Identity::of(request),
        }
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let clients = self.0.clone();
        on_io_thread_for(PARAMETER_STORE, requests, ParameterRequest::of, move |wanted| {
            fetch(clients, wanted)
        })
    }

    /// Asks for the parameters without having them decrypted, which needs no right to their keys.
    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        let clients = self.0.clone();
        on_io_thread_for(PARAMETER_STORE, requests, ParameterRequest::of, move |wanted| {
            exists(clients, wanted)
        })
    }

    /// With one attempt of 3 seconds at each call.
    fn probe(&self) -> BoxFuture<'_, Probe> {
        let quick = self.clone().with_timeouts(PROBE_TIMEOUT, PROBE_TIMEOUT).with_max_attempts(1);
        Box::pin(async move { probe(&quick, quick.caller()).await })
    }

    fn location(&self, request: &FetchRequest<'_>) -> String {
        let parsed = ParameterRequest::of(request);
        let (region, role) = parsed.map_or((None, None), |parsed| (parsed.region, parsed.role));
        let clients = &self.0.clients;
        clients.location(AwsService::ParameterStore, region.as_deref(), role.as_deref())
    }
}

impl fmt::Display for ParameterStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PARAMETER_STORE)
    }
}

impl fmt::Debug for ParameterStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ParameterStore").field(&self.0).finish()
    }
}
