//! The secrets of HashiCorp Vault and OpenBao.

mod answer;
mod call;
mod client;
mod failure;
mod held_leases;
mod lease;
mod listing;
mod login;
mod mount_lookup;
mod mounts;
mod read;
mod request;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod time;
mod token;
mod written_secret;

use std::{collections::BTreeSet, fmt, sync::Arc};

use secrets_spec::BuiltIn;

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity, lease::Lease, probe::Probe, store::Store,
    },
    backends::{
        bounded_tasks::run_bounded,
        vault::{client::VaultClient, request::VaultRequest},
    },
    core::error::Error,
    rt::{block_on::block_on, io_thread::on_io_thread},
    settings::Settings,
};

/// How many requests of one call are under way at the same time.
const AT_ONCE: usize = 32;

/// The backend `vault`: the secrets of a HashiCorp Vault or OpenBao server.
///
/// An id is a mount and a path below it, such as `secret/prod-db` or `database/creds/readonly`. Secrets of a KV engine,
/// version 1 or 2, are sets of fields. What another engine returns with a lease is renewed while a step uses it, and
/// revoked when it is not needed any more.
///
/// The server is `SECRETS_VAULT_ADDR`. It logs in as `SECRETS_VAULT_AUTH` says, once, at the first use, and again when
/// the token has ended. A request's group is the path, and its key the field.
#[derive(Debug)]
pub struct Vault {
    client: Result<Arc<VaultClient>, Error>,
}

impl Vault {
    /// Creates the backend of the server that the settings name.
    pub(crate) fn of_settings(settings: &Settings) -> Self {
        let client = VaultClient::new(&settings.vault, settings.attempt_timeout());
        Self { client: client.map(Arc::new) }
    }

    /// Logs in, and returns the name that the server has for the token, such as `token-ci` or `approle`; `None` if the
    /// policy of the token does not permit to look it up.
    ///
    /// # Errors
    /// Why the server cannot be used.
    pub async fn caller(&self) -> Result<Option<String>, Error> {
        let client = self.client()?;
        on_io_thread(async move { client.caller().await }).await?
    }

    /// Blocking version of [`caller`](Self::caller): parks this thread; works inside and outside any runtime.
    ///
    /// # Errors
    /// Those of [`caller`](Self::caller).
    pub fn caller_blocking(&self) -> Result<Option<String>, Error> {
        block_on(self.caller())
    }

    fn client(&self) -> Result<Arc<VaultClient>, Error> {
        self.client.clone()
    }

    /// Does the work for each request on the I/O thread, after what is known of the mounts of all.
    async fn ask<R, F>(
        &self,
        requests: &[FetchRequest<'_>],
        work: impl Fn(Arc<VaultClient>, VaultRequest) -> F + Send + Sync + 'static,
    ) -> Vec<Result<R, Error>>
    where
        R: Send + 'static,
        F: Future<Output = Result<R, Error>> + Send + 'static,
    {
        let client = match self.client() {
            Ok(client) => client,
            Err(error) => return requests.iter().map(|_| Err(error.clone())).collect(),
        };
        let call = Arc::default();
        let requests: Vec<_> = requests.iter().map(|it| VaultRequest::read(it, &call)).collect();
        // One request for each mount, all at once.
        let mut seen = BTreeSet::new();
        let unknown: Vec<VaultRequest> = requests
            .iter()
            .flatten()
            .filter(|it| it.kv.is_none() && !client.mounts.knows(&it.path))
            .filter(|it| seen.insert(it.first_segment().to_owned()))
            .cloned()
            .collect();
        if !unknown.is_empty() {
            let client = client.clone();
            // One that is not listed is asked for again for each of its requests: the token may have a right to another path.
            run_bounded(unknown, AT_ONCE, move |request| {
                let client = client.clone();
                async move { client.mount_of(&request).await.map(drop) }
            })
            .await;
        }
        let work = Arc::new(work);
        run_bounded(requests, AT_ONCE, move |request| {
            let (work, client) = (work.clone(), client.clone());
            async move { work(client, request?).await }
        })
        .await
    }
}

impl fmt::Display for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.client {
            Ok(client) => write!(f, "{client}"),
            Err(_) => f.write_str("a Vault server"),
        }
    }
}

impl Backend for Vault {
    fn kind(&self) -> &str {
        BuiltIn::Vault.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().uses_role(false).needs_tokio(false)
    }

    /// The key is left out: all fields of a secret are one answer, and with a lease one user.
    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        let kv = request.options().kv.map(|kv| kv.to_string());
        let version = request.version_id().or(request.stage_unless_current());
        Identity::new(request.id()).with_selector([version, kv.as_deref()])
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let fetch = |client: Arc<VaultClient>, request| async move { client.fetch(&request).await };
        Box::pin(self.ask(requests, fetch))
    }

    /// Reads no value of another engine than KV, since that may make a lease.
    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        let exists =
            |client: Arc<VaultClient>, request| async move { client.exists(&request).await };
        Box::pin(self.ask(requests, exists))
    }

    fn renew<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<Lease, Error>> {
        Box::pin(async move {
            let (client, lease) = (self.client()?, lease.clone());
            on_io_thread(async move { client.renew(&lease).await }).await?
        })
    }

    fn revoke<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let (client, lease) = (self.client()?, lease.clone());
            on_io_thread(async move { client.revoke(&lease).await }).await?
        })
    }

    /// Logs in. No secret is read.
    fn probe(&self) -> BoxFuture<'_, Probe> {
        Box::pin(async move {
            match self.caller().await {
                Ok(Some(caller)) => Probe::reachable().with_caller(caller),
                Ok(None) => Probe::reachable(),
                Err(error) => Probe::unreachable(error),
            }
        })
    }

    /// Revokes the token of its login, and with it all leases that hang on it. A token that was given is left alone.
    fn shutdown(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let Ok(client) = self.client() else { return Ok(()) };
            let tokens = client.own_tokens();
            if tokens.is_empty() {
                return Ok(());
            }
            on_io_thread(async move { client.revoke_own(tokens).await }).await?
        })
    }

    fn as_store(&self) -> Option<&dyn Store> {
        Some(self)
    }
}
