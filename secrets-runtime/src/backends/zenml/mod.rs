//! The secrets of a ZenML server.

mod server;

use std::{fmt, sync::Arc};

use secrets_spec::{BuiltIn, check_id, shell_word};

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity,
    },
    backends::{
        bounded_tasks::{DEFAULT_CONCURRENCY, run_bounded},
        zenml::server::Server,
    },
    core::{
        credential::Credential,
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    settings::{Settings, variables},
};

/// The backend `zenml`: the secrets that a ZenML server keeps.
///
/// The server is `SECRETS_ZENML_URL`, the user `SECRETS_ZENML_USERNAME` (default `default`) and the password
/// `SECRETS_ZENML_PASSWORD`. The backend logs in once, at the first use, and again when the server no longer accepts
/// the token. Of a private and a shared secret of one name, the private one is read, as ZenML does.
///
/// A request's group is the secret, and its key the field.
#[derive(Debug)]
pub struct Zenml {
    server: Result<Arc<Server>, Error>,
}

impl Zenml {
    /// Creates the backend of the server that the settings name.
    pub(crate) fn of_settings(settings: &Settings) -> Self {
        let unset = || {
            Error::new(ErrorKind::InvalidConfig, "SECRETS_ZENML_URL is not set")
                .with_help("set it to the server's address, such as https://zenml.example.com")
        };
        let user = settings.zenml.username.as_deref().unwrap_or("default");
        let password = settings.zenml.password.clone();
        let server = settings.zenml.url.as_ref().ok_or_else(unset).and_then(|url| {
            let password = password.unwrap_or_else(|| {
                Credential::new(SecretValue::from(""), variables::ZENML_PASSWORD.name())
            });
            Server::new(url, user, password, settings.attempt_timeout())
        });
        Self { server: server.map(Arc::new) }
    }

    /// Asks the server about each request, several at a time.
    async fn ask<R, F>(
        &self,
        requests: &[FetchRequest<'_>],
        ask: impl Fn(Arc<Server>, String) -> F + Send + Sync + 'static,
    ) -> Vec<Result<R, Error>>
    where
        R: Send + 'static,
        F: Future<Output = Result<R, Error>> + Send,
    {
        let server = match &self.server {
            Ok(server) => server.clone(),
            Err(error) => return requests.iter().map(|_| Err(error.clone())).collect(),
        };
        let ask = Arc::new(ask);
        let names = requests.iter().map(|request| name(request).map(str::to_owned));
        let one = move |name: Result<String, Error>| {
            let (ask, server) = (ask.clone(), server.clone());
            async move { ask(server, name?).await }
        };
        run_bounded(names.collect(), DEFAULT_CONCURRENCY, one).await
    }
}

impl fmt::Display for Zenml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Ok(server) => write!(f, "{server}"),
            Err(_) => f.write_str("a ZenML server"),
        }
    }
}

impl Backend for Zenml {
    fn kind(&self) -> &str {
        BuiltIn::Zenml.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().uses_role(false).needs_tokio(false)
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        Identity::without_options(request)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let fetch = |server: Arc<Server>, name: String| async move {
                if let Some(values) = server.fetch(&name).await? {
                    return Ok(Fetched::json(values).with_name(name));
                }
                let shown = crate::core::escape::escape_name(&name);
                let message = format!("{server} has no secret `{shown}`");
                Err(Error::new(ErrorKind::NotFound, message).with_help(format!(
                    "create it: zenml secret create {} --key=value",
                    shell_word(&shown)
                )))
            };
            self.ask(requests, fetch).await
        })
    }

    /// By the list of names: no value is read.
    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        let find = |server: Arc<Server>, name: String| async move {
            Ok(server.find(&name).await?.is_some())
        };
        Box::pin(self.ask(requests, find))
    }
}

/// Returns the name of the secret that a request is about.
fn name<'a>(request: &FetchRequest<'a>) -> Result<&'a str, Error> {
    let name = match request.key() {
        Some(key) if request.id().is_empty() => key,
        _ => request.id(),
    };
    match check_id(Some(BuiltIn::Zenml.name()), name) {
        None => Ok(name),
        Some(flaw) => {
            let flaw = flaw.explain(name);
            Err(Error::new(ErrorKind::InvalidSource, flaw.message())
                .with_help(flaw.help().unwrap_or("give another name")))
        }
    }
}
