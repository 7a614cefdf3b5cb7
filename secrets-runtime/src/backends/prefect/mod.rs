//! Prefect's secrets: its local context.

mod config_file;
mod local_context;

use std::fmt;

use secrets_spec::{BuiltIn, check_id};

use self::local_context::LocalContext;
use crate::{
    Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, SecretValue, payload_json,
};

/// The backend `prefect`: the secrets of Prefect's local context.
///
/// They are the variables `PREFECT__CONTEXT__SECRETS__NAME` of the process's environment and, behind them,
/// the values of `[context.secrets]` in Prefect's `config.toml` (`PREFECT__USER_CONFIG_PATH`, else
/// `~/.prefect/config.toml`). Both are read at every step. A name is matched as it is, then without regard to
/// case if exactly one name fits; several are [`ErrorKind::Ambiguous`].
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
}

impl Prefect {
    /// The secrets of this process and of its user.
    #[must_use]
    pub fn new() -> Self {
        Self { context: LocalContext }
    }

    async fn fetch_all(&self, requests: &[FetchRequest<'_>]) -> Vec<Result<Fetched, Error>> {
        let mut config = None;
        let one = |request: &FetchRequest<'_>| {
            let name = name(request)?;
            match self.context.find(name, &mut config)? {
                Some(value) => Ok(fetched(value).with_name(name)),
                None => Err(self.context.missing(name)),
            }
        };
        requests.iter().map(one).collect()
    }
}

impl Default for Prefect {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Prefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefect's local context ({})", self.context)
    }
}

impl Backend for Prefect {
    fn kind(&self) -> &str {
        BuiltIn::Prefect.name()
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(self.fetch_all(requests))
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
    } else if payload_json::is_object(&value) {
        Fetched::json(value)
    } else {
        Fetched::text(value)
    }
}
