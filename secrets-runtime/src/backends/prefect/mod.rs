//! Prefect's secrets: its local context and, with the feature `prefect`, its APIs.

#[cfg(feature = "prefect")]
mod api;
#[cfg(feature = "prefect")]
mod cloud;
mod config_file;
mod local_context;
#[cfg(feature = "prefect")]
mod remotes;

use std::fmt;

use secrets_spec::{BuiltIn, check_id};

use crate::{
    backend::{Backend, BoxFuture, Fetched, fetch_request::FetchRequest},
    backends::prefect::{config_file::ConfigFile, local_context::LocalContext},
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::json,
    settings::Settings,
};

/// The backend `prefect`: the secrets of Prefect's local context and, behind them, those of its APIs.
///
/// The local context consists of the variables `PREFECT__CONTEXT__SECRETS__NAME` of the process's environment
/// and, behind them, the values of `[context.secrets]` in Prefect's `config.toml`
/// (`PREFECT__USER_CONFIG_PATH`, else `~/.prefect/config.toml`). Both are read at every step. A name is
/// matched as it is, then without regard to case if exactly one name fits; several are
/// [`ErrorKind::Ambiguous`].
///
/// With the feature `prefect`, a secret that is not there is asked for in Cloud 1.x, if `PREFECT__BACKEND` is
/// `cloud` and `PREFECT__CLOUD__USE_LOCAL_SECRETS` is `false`, and then in the API of Prefect 3, if
/// `PREFECT_API_URL` is set: the secret block of this name. An API that fails is an error, never a secret that
/// is not there.
///
/// A value is its text: nothing in it is expanded, and a JSON object gives fields. A value of `config.toml`
/// that is no string keeps its TOML text.
///
/// A request's group is the secret, and its key the field; without a group, the key is the secret.
///
/// ```
/// use secrets_runtime::{Backend, Prefect};
///
/// assert_eq!(Prefect::new().kind(), "prefect");
/// ```
#[derive(Debug)]
pub struct Prefect {
    context: LocalContext,
    /// What asks for an API that this build cannot ask.
    #[cfg(not(feature = "prefect"))]
    unasked: Option<&'static str>,
    #[cfg(feature = "prefect")]
    remotes: std::sync::Arc<remotes::Remotes>,
}

impl Prefect {
    /// The local context of this process and of its user.
    #[must_use]
    pub fn new() -> Self {
        Self {
            context: LocalContext::of_process(),
            #[cfg(not(feature = "prefect"))]
            unasked: None,
            #[cfg(feature = "prefect")]
            remotes: std::sync::Arc::default(),
        }
    }

    /// The local context and the APIs that are set up.
    pub(crate) fn of_settings(settings: &Settings) -> Self {
        let path = settings.prefect.config_path.as_deref();
        Self {
            context: LocalContext::new(path.map(AsRef::as_ref)),
            #[cfg(not(feature = "prefect"))]
            unasked: settings.prefect.remote(),
            #[cfg(feature = "prefect")]
            remotes: std::sync::Arc::new(remotes::Remotes::of_settings(settings)),
        }
    }

    /// Finds each secret in the local context.
    fn find_all(&self, requests: &[FetchRequest<'_>]) -> Vec<Result<Option<SecretValue>, Error>> {
        let mut config: Option<ConfigFile> = None;
        let find = |request: &FetchRequest<'_>| self.context.find(name(request)?, &mut config);
        requests.iter().map(find).collect()
    }

    /// What the local context says, which is read at every step; `None` for what only an API can tell.
    #[cfg(feature = "prefect")]
    pub(crate) fn read_context(
        &self,
        requests: &[FetchRequest<'_>],
    ) -> Vec<Option<Result<Fetched, Error>>> {
        let read = |(request, found): (&FetchRequest<'_>, Result<Option<SecretValue>, Error>)| {
            let read = |value| Ok(fetched(value).with_name(name(request)?));
            Some(found.transpose()?.and_then(read))
        };
        requests.iter().zip(self.find_all(requests)).map(read).collect()
    }

    /// The error for a secret that is nowhere.
    fn missing(&self, request: &FetchRequest<'_>) -> Error {
        let name = name(request).unwrap_or_default();
        #[cfg(feature = "prefect")]
        return self.context.missing(name, &self.remotes.places());
        #[cfg(not(feature = "prefect"))]
        match self.unasked {
            Some(variable) => self.context.missing(name, &[]).with_help(format!(
                "{variable} is set, and asking Prefect needs the feature `prefect` of secrets-runtime"
            )),
            None => self.context.missing(name, &[]),
        }
    }
}

#[cfg(feature = "prefect")]
impl Prefect {
    /// Asks the APIs for what is not in the local context, all at once.
    async fn ask<R: Send + 'static>(
        &self,
        requests: &[FetchRequest<'_>],
        found: Vec<Result<Option<R>, Error>>,
        ask: impl Fn(&remotes::Remotes, &str) -> Result<Option<R>, Error> + Send + Sync + 'static,
    ) -> Vec<Result<Option<R>, Error>> {
        if self.remotes.is_empty() {
            return found;
        }
        let open = |found: &Result<Option<R>, Error>| matches!(found, Ok(None));
        let names = requests.iter().zip(&found).filter(|(_, found)| open(found));
        let names = names.map(|(request, _)| name(request).unwrap_or_default().to_owned());
        let remotes = self.remotes.clone();
        let answers = crate::rt::blocking_pool::on_threads(names.collect(), move |name: String| {
            ask(&remotes, &name)
        });
        let mut answers = answers.await.into_iter();
        let lost = || Error::new(ErrorKind::Unavailable, "the request could not be made");
        let fill = |found: Result<Option<R>, Error>| match open(&found) {
            true => answers.next().flatten().unwrap_or_else(|| Err(lost())),
            false => found,
        };
        found.into_iter().map(fill).collect()
    }
}

impl Default for Prefect {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Prefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefect's local context ({})", self.context)?;
        #[cfg(feature = "prefect")]
        for place in self.remotes.places() {
            write!(f, ", {place}")?;
        }
        Ok(())
    }
}

impl Backend for Prefect {
    fn kind(&self) -> &str {
        BuiltIn::Prefect.name()
    }

    /// What the APIs give; the local context is read at every step.
    fn is_cached(&self) -> bool {
        #[cfg(feature = "prefect")]
        return !self.remotes.is_empty();
        #[cfg(not(feature = "prefect"))]
        false
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let found = self.find_all(requests);
            #[cfg(feature = "prefect")]
            let found = self.ask(requests, found, remotes::Remotes::fetch).await;
            let give =
                |(request, found): (&FetchRequest<'_>, Result<Option<SecretValue>, Error>)| {
                    let value = found?.ok_or_else(|| self.missing(request))?;
                    Ok(fetched(value).with_name(name(request)?))
                };
            requests.iter().zip(found).map(give).collect()
        })
    }

    /// Without reading a value from an API.
    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        Box::pin(async move {
            let found = self.find_all(requests).into_iter();
            let found: Vec<_> = found.map(|found| found.map(|value| value.map(drop))).collect();
            #[cfg(feature = "prefect")]
            let found = {
                let ask = |remotes: &remotes::Remotes, name: &str| {
                    Ok(remotes.exists(name)?.then_some(()))
                };
                self.ask(requests, found, ask).await
            };
            found.into_iter().map(|found| Ok(found?.is_some())).collect()
        })
    }
}

/// The secret that a request is about.
fn name<'a>(request: &FetchRequest<'a>) -> Result<&'a str, Error> {
    let name = match request.key() {
        Some(key) if request.id().is_empty() => key,
        _ => request.id(),
    };
    let Some(flaw) = check_id(Some(BuiltIn::Prefect.name()), name) else { return Ok(name) };
    let flaw = flaw.explain(name);
    let error = Error::new(ErrorKind::InvalidSource, flaw.message());
    Err(match flaw.help() {
        Some(help) => error.with_help(help),
        None => error,
    })
}

/// A text; one that is the JSON of an object is a set of fields.
fn fetched(value: SecretValue) -> Fetched {
    if !value.is_text() {
        Fetched::binary(value)
    } else if json::is_object(&value) {
        Fetched::json(value)
    } else {
        Fetched::text(value)
    }
}
