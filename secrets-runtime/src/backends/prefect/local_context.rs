use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity,
    },
    backends::prefect::{
        answer::{KIND, fetched, secret_name},
        config_file::{self, ContextFile},
    },
    context::env_vars::from_os,
    core::{
        error::{Error, ErrorKind},
        escape,
        secret_value::SecretValue,
    },
    settings::variables::PREFECT_USER_CONFIG_PATH,
};

/// The prefixes of the variables: Prefect writes a name in one case.
const PREFIXES: [&str; 2] = ["PREFECT__CONTEXT__SECRETS__", "prefect__context__secrets__"];

/// The secrets of the environment and, behind them, those of `config.toml`: the part of Prefect's backend that is
/// read at every step.
#[derive(Debug)]
pub(super) struct LocalContext {
    /// Where `config.toml` is; `None` if there is no home folder to look in.
    config: Option<PathBuf>,
}

impl LocalContext {
    /// Creates the context of this process, with the `config.toml` that its environment names.
    pub(super) fn of_process() -> Self {
        let path = std::env::var_os(PREFECT_USER_CONFIG_PATH.name());
        Self::new(path.as_ref().filter(|path| !path.is_empty()).map(Path::new))
    }

    /// Creates the context with this `config.toml`, else the user's own.
    pub(super) fn new(config: Option<&Path>) -> Self {
        let below_home = |path: &Path| {
            let home = std::env::var_os("HOME").map(PathBuf::from)?;
            home.is_absolute().then(|| home.join(path))
        };
        let config = match config {
            // As Prefect does, `~` is the home folder here.
            Some(path) => match path.strip_prefix("~") {
                Ok(rest) => below_home(rest),
                Err(_) => Some(path.to_owned()),
            },
            None => below_home(Path::new(".prefect/config.toml")),
        };
        Self { config }
    }

    /// Finds the secrets of these requests.
    pub(super) fn find_all(
        &self,
        requests: &[FetchRequest<'_>],
    ) -> Vec<Result<Option<SecretValue>, Error>> {
        let mut config: Option<ContextFile> = None;
        let find = |request: &FetchRequest<'_>| self.find(secret_name(request)?, &mut config);
        requests.iter().map(find).collect()
    }

    /// Finds a secret by its exact name, else by its name in another case if exactly one fits. `config` is what was
    /// read of `config.toml` so far; it is read when the environment alone does not decide.
    fn find(
        &self,
        name: &str,
        config: &mut Option<ContextFile>,
    ) -> Result<Option<SecretValue>, Error> {
        if let Some(value) = variable(name) {
            return Ok(Some(value));
        }
        let config = match config {
            Some(config) => &*config,
            None => config.insert(self.read_config()?),
        };
        if let Some(value) = config.get(name) {
            return Ok(Some(value.clone()));
        }
        let folded = name.to_lowercase();
        let variables: Vec<_> =
            std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
        let variables = variables.iter().filter_map(|variable| secret_of(variable));
        let fits = |known: &&str| known.to_lowercase() == folded;
        let fitting: BTreeMap<&str, ()> =
            variables.chain(config.names()).filter(fits).map(|known| (known, ())).collect();
        let names: Vec<&str> = fitting.into_keys().collect();
        match names.as_slice() {
            [] => Ok(None),
            [only] => Ok(variable(only).or_else(|| config.get(only).cloned())),
            several => {
                let known = escape::backquoted_list(several.iter().copied());
                let message =
                    format!("several of Prefect's secrets differ from it by case: {known}");
                Err(Error::new(ErrorKind::Ambiguous, message)
                    .with_help("write the name as one of them is written"))
            }
        }
    }

    /// Where it looks, for people.
    fn places(&self) -> String {
        match &self.config {
            Some(path) => format!(
                "the variables {}NAME, [context.secrets] of {}",
                PREFIXES[0],
                path.display()
            ),
            None => format!("the variables {}NAME", PREFIXES[0]),
        }
    }

    fn read_config(&self) -> Result<ContextFile, Error> {
        match &self.config {
            Some(path) => config_file::read(path),
            None => Ok(ContextFile::default()),
        }
    }

    /// Returns the error for a secret that is neither here nor in these other places.
    pub(super) fn missing(&self, name: &str, places: &[String]) -> Error {
        let shown = escape::escape_name(name);
        let others: String = places.iter().map(|place| format!(", nor has {place}")).collect();
        let places = self.places();
        let message = format!("Prefect's local context has no secret `{shown}` ({places}){others}");
        let help = format!("set {}{shown}, or write it into [context.secrets]", PREFIXES[0]);
        Error::new(ErrorKind::NotFound, message).with_help(help)
    }
}

/// The secret in a variable of the environment.
fn variable(name: &str) -> Option<SecretValue> {
    // No variable has such a name: `a=b` would be found as the variable `a` whose value starts with `b=`.
    if name.contains('=') {
        return None;
    }
    PREFIXES.iter().find_map(|prefix| std::env::var_os(format!("{prefix}{name}"))).map(from_os)
}

/// The name of the secret that a variable holds.
fn secret_of(variable: &str) -> Option<&str> {
    let name = PREFIXES.iter().find_map(|prefix| variable.strip_prefix(prefix))?;
    (!name.is_empty()).then_some(name)
}

impl fmt::Display for LocalContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefect's local context ({})", self.places())
    }
}

impl Backend for LocalContext {
    fn kind(&self) -> &str {
        KIND.name()
    }

    /// Read at every step.
    fn capabilities(&self) -> Capabilities {
        Capabilities::new().uses_role(false).cached(false).needs_tokio(false)
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        Identity::without_options(request)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let answer = |(request, found): (_, Result<Option<SecretValue>, Error>)| {
            let name = secret_name(request)?;
            fetched(request, found?.ok_or_else(|| self.missing(name, &[]))?)
        };
        let answers = requests.iter().zip(self.find_all(requests)).map(answer).collect();
        Box::pin(std::future::ready(answers))
    }
}
