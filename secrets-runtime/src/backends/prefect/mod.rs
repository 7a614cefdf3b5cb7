//! Prefect's secrets: its local context and, with the feature `prefect`, its APIs.

mod answer;
#[cfg(feature = "prefect")]
mod api;
#[cfg(feature = "prefect")]
mod cloud;
mod config_file;
mod local_context;
#[cfg(feature = "prefect")]
mod remotes;

use std::{fmt, sync::Arc};

#[cfg(not(feature = "prefect"))]
use crate::core::help_code::HelpCode;
use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
    },
    backends::prefect::{
        answer::{KIND, fetched, secret_name},
        local_context::LocalContext,
    },
    core::{error::Error, secret_value::SecretValue},
    settings::Settings,
};

/// The backend `prefect`: the secrets of Prefect's local context and, behind them, those of its APIs.
///
/// The local context consists of the variables `PREFECT__CONTEXT__SECRETS__NAME` of the process's environment
/// and, behind them, the values of `[context.secrets]` in Prefect's `config.toml`
/// (`PREFECT__USER_CONFIG_PATH`, else `~/.prefect/config.toml`). Both are read at every step. A name is
/// matched as it is, then without regard to case if exactly one name fits; several are
/// [`ErrorKind::Ambiguous`](crate::ErrorKind::Ambiguous).
///
/// With the feature `prefect`, a secret that is not there is asked for in Cloud 1.x, if `PREFECT__BACKEND` is
/// `cloud` and `PREFECT__CLOUD__USE_LOCAL_SECRETS` is `false`, and then in the API of Prefect 3, if
/// `PREFECT_API_URL` is set: the secret block of this name. An API that fails is an error, never a secret that
/// is not there.
///
/// A value is its text: nothing in it is expanded, and the members of a JSON object are fields. A value of
/// `config.toml` that is not a string keeps its TOML text.
///
/// A request's group is the secret, and its key the field; without a group, the key is the secret.
///
/// ```
/// use secrets_runtime::{Backend, backends::Prefect};
///
/// assert_eq!(Prefect::new().kind(), "prefect");
/// ```
///
/// It consists of two backends, which steps ask one after the other: the local context, which is never cached, and
/// the APIs, which are.
#[derive(Debug)]
pub struct Prefect {
    context: Arc<LocalContext>,
    /// The setting that asks for an API, which this build cannot ask.
    #[cfg(not(feature = "prefect"))]
    unasked: Option<&'static str>,
    #[cfg(feature = "prefect")]
    remotes: Option<Arc<remotes::Remotes>>,
}

impl Prefect {
    /// Creates the backend of this process and its user: the local context alone.
    #[must_use]
    pub fn new() -> Self {
        Self {
            context: Arc::new(LocalContext::of_process()),
            #[cfg(not(feature = "prefect"))]
            unasked: None,
            #[cfg(feature = "prefect")]
            remotes: None,
        }
    }

    /// Creates the backend with the local context and the APIs that the settings name.
    pub(crate) fn of_settings(settings: &Settings) -> Self {
        let path = settings.prefect.config_path.as_deref();
        let context = Arc::new(LocalContext::new(path.map(AsRef::as_ref)));
        Self {
            #[cfg(not(feature = "prefect"))]
            unasked: settings.prefect.remote(),
            #[cfg(feature = "prefect")]
            remotes: remotes::Remotes::of_settings(settings, &context).map(Arc::new),
            context,
        }
    }

    /// Returns the error for a secret that is nowhere.
    fn missing(&self, request: &FetchRequest<'_>) -> Error {
        let name = secret_name(request).unwrap_or_default();
        #[cfg(feature = "prefect")]
        return match &self.remotes {
            Some(remotes) => remotes.missing(name),
            None => self.context.missing(name, &[]),
        };
        #[cfg(not(feature = "prefect"))]
        match self.unasked {
            Some(variable) => {
                let reason = format!("{variable} is set, and asking Prefect needs `prefect`");
                let help = HelpCode::BuildWithFeature { feature: "prefect", reason: Some(reason) };
                let problems = self.context.missing(name, &[]).into_problems();
                let explained = problems.into_iter().map(|p| p.with_help_code(help.clone()));
                Error::from_problems(explained.collect())
            }
            None => self.context.missing(name, &[]),
        }
    }
}

impl Default for Prefect {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Prefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "prefect")]
        if let Some(remotes) = &self.remotes {
            return remotes.fmt(f);
        }
        self.context.fmt(f)
    }
}

impl Backend for Prefect {
    fn kind(&self) -> &str {
        KIND.name()
    }

    /// Those of the whole, as far as a part of it must be read at every step.
    fn capabilities(&self) -> Capabilities {
        self.context.capabilities()
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let found = self.context.find_all(requests);
            #[cfg(feature = "prefect")]
            let found = match &self.remotes {
                Some(remotes) => remotes.fill(requests, found, remotes::Apis::fetch).await,
                None => found,
            };
            let answer = |(request, found): (_, Result<Option<SecretValue>, Error>)| {
                fetched(request, found?.ok_or_else(|| self.missing(request))?)
            };
            requests.iter().zip(found).map(answer).collect()
        })
    }

    /// Without reading a value from an API.
    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        Box::pin(async move {
            let found = self.context.find_all(requests).into_iter();
            let found: Vec<_> = found.map(|found| found.map(|value| value.map(drop))).collect();
            #[cfg(feature = "prefect")]
            let found = match &self.remotes {
                Some(remotes) => remotes.fill(requests, found, remotes::Apis::find).await,
                None => found,
            };
            found.into_iter().map(|found| Ok(found?.is_some())).collect()
        })
    }

    #[cfg(feature = "prefect")]
    fn parts(&self) -> Vec<Arc<dyn Backend>> {
        match &self.remotes {
            Some(remotes) => vec![self.context.clone(), remotes.clone()],
            None => Vec::new(),
        }
    }
}
