//! The backends of the commands that read and write whole secrets.

#[cfg(feature = "aws")]
mod aws;
pub mod secrets_manager;

use std::{
    future::poll_fn,
    ops::ControlFlow,
    sync::{Arc, OnceLock},
};

use pollster::block_on;
use secrets_runtime::{
    Backend, Error, ErrorKind, FetchRequest, Options, Problem, Resolver, ResolverBuilder,
    ResolverStore, Store, admin::StoredSecret, backend, settings::variables,
};
use secrets_spec::{BuiltIn, PREVIOUS_STAGE, Source, check_id, shell_word};

#[cfg(unix)]
use crate::process::signals::interruption;
use crate::{
    failure::{Failure, error_about},
    leases,
    output::{
        escape::{escape_name, json_string},
        reporter::Change,
    },
    stores::secrets_manager::{SecretsManager, secrets_manager},
};

/// Backends in the order in which they are asked. The first one is the primary one, which is written.
pub struct Stores {
    backends: Vec<Arc<dyn Backend>>,
    resolver: Resolver,
}

impl Stores {
    /// Opens the backends of `--backend`, or else the default ones.
    pub fn open(types: Option<&str>) -> Result<Self, Failure> {
        Self::of(&resolver(types)?)
    }

    /// Opens the default backends of a resolver.
    pub fn of(resolver: &Resolver) -> Result<Self, Failure> {
        Ok(Self { backends: resolver.open_default_backends()?, resolver: resolver.clone() })
    }

    /// Returns the type of the primary backend.
    pub fn kind(&self) -> &str {
        self.backends.first().map_or("", |backend| backend.kind())
    }

    /// Returns the primary backend, if it is AWS Secrets Manager.
    pub fn secrets_manager(&self) -> Option<&dyn SecretsManager> {
        self.backends.first().and_then(|backend| secrets_manager(&**backend))
    }

    /// Reads a secret from the first backend that has it.
    pub fn read(&self, name: &str, previous: bool) -> Result<StoredSecret, Error> {
        self.check_name(name)?;
        let stage = previous.then_some(PREVIOUS_STAGE);
        let mut missing = None;
        for backend in &self.backends {
            match read(backend, name, stage) {
                Err(error) => {
                    let error = if previous { of_previous(error, name, backend) } else { error };
                    if error.kind() != ErrorKind::NotFound {
                        return Err(error);
                    }
                    missing = Some(error);
                }
                answer => return answer,
            }
        }
        Err(missing.unwrap_or_else(|| Error::new(ErrorKind::NotFound, "there is no backend")))
    }

    /// Reads a secret from the primary backend.
    pub fn read_primary(&self, name: &str) -> Result<StoredSecret, Error> {
        self.check_name(name)?;
        read(self.primary_shared()?, name, None)
    }

    /// Returns whether the primary backend has a secret.
    pub fn has(&self, name: &str) -> Result<bool, Error> {
        let mut answers = self.has_each(&[name])?;
        answers.pop().unwrap_or_else(|| Err(miscounted(0, 1)))
    }

    /// Asks the primary backend, in one request, whether it has each of these secrets. Returns the answers in the
    /// order of the names.
    ///
    /// # Errors
    /// If there is no backend, or if it does not answer for each name.
    pub fn has_each(&self, names: &[&str]) -> Result<Vec<Result<bool, Error>>, Error> {
        let options = Options::default();
        let checks: Vec<_> = names.iter().map(|name| self.check_name(name)).collect();
        let valid = names.iter().zip(&checks).filter(|(_, check)| check.is_ok());
        let requests: Vec<_> = valid.map(|(name, _)| FetchRequest::new(name, &options)).collect();
        let answers = self.primary()?.exists_blocking(&requests);
        // Of fewer or more answers, nothing says to which names they belong.
        let (given, wanted) = (answers.len(), requests.len());
        let miscounted = || miscounted(given, wanted).about(&names.join(", "), Some(self.kind()));
        if given != wanted {
            return Err(miscounted());
        }
        let mut answers = answers.into_iter();
        let answer = |(name, check): (&&str, Result<(), Error>)| {
            check?;
            let answer = answers.next().unwrap_or_else(|| Err(miscounted()));
            answer.map_err(|error| error.about(name, Some(self.kind())))
        };
        Ok(names.iter().zip(checks).map(answer).collect())
    }

    /// Creates a secret, which must not exist.
    pub fn create<'a>(&'a self, name: &'a str, secret: &StoredSecret) -> Result<Change<'a>, Error> {
        secret.check().map_err(|error| error.about(name, Some(self.kind())))?;
        let created = self.audited_store()?.create_blocking(name, secret.payload());
        let version = created.map_err(|error| error.about(name, Some(self.kind())))?;
        Ok(self.change(name, Some(version)))
    }

    /// Reads a secret of the primary backend, and writes what `change` makes of it. `change` is called again if another
    /// program writes the secret in between; it gets the error `NotFound` if there is none.
    pub fn update<'a>(
        &'a self,
        name: &'a str,
        mut change: impl FnMut(Result<StoredSecret, Error>) -> Result<StoredSecret, Failure>,
    ) -> Result<Change<'a>, Failure> {
        self.check_name(name)?;
        let (backend, store) = (self.primary_shared()?, self.audited_store()?);
        let change = |current: Result<StoredSecret, Error>| {
            if let Ok(secret) = &current {
                leases::record(backend, secret);
            }
            change(current)
        };
        let version = StoredSecret::update_through_blocking(&**backend, &store, name, change)?;
        Ok(self.change(name, Some(version)))
    }

    /// Carries out changes of the primary backend. Returns the new version of each secret.
    pub fn apply(&self, changes: Vec<backend::SecretChange>) -> Result<Vec<Option<String>>, Error> {
        let applied = self.audited_store()?.update_blocking(changes);
        applied.map_err(|error| error.about("", Some(self.kind())))
    }

    /// Returns the report of a secret that was changed.
    pub fn change<'a>(&'a self, name: &'a str, version: Option<String>) -> Change<'a> {
        let qualified_source = version.as_ref().and_then(|_| self.qualified_source(name));
        Change { name, backend: self.kind(), version, qualified_source }
    }

    /// Returns the current version of a secret of the primary backend, as far as it can be read.
    pub fn version(&self, name: &str) -> Option<String> {
        self.store().ok()?.version_blocking(name).ok()?
    }

    /// Returns the places of the secrets that are listed, in words.
    pub fn place(&self) -> String {
        self.primary().map(ToString::to_string).unwrap_or_default()
    }

    /// Returns the names of all secrets that can be listed, and why others cannot.
    pub fn list_readable(&self) -> Result<(Vec<String>, Option<Error>), Error> {
        let mut names = Vec::new();
        let mut each = |name| {
            names.push(name);
            ControlFlow::Continue(())
        };
        let listed = self.store()?.list_each_blocking(&mut each);
        Ok((names, listed.err().map(|error| error.about("", Some(self.kind())))))
    }

    /// Calls `each` with the names of all secrets, in the backend's own order, until it breaks. Calls `waiting`
    /// whenever the next name is not known yet.
    pub fn list_each(
        &self,
        each: &mut (dyn FnMut(String) -> ControlFlow<()> + Send),
        waiting: impl Fn(),
    ) -> Result<(), Error> {
        let mut listing = self.store()?.list_each(each);
        let listed = block_on(poll_fn(|context| {
            let polled = listing.as_mut().poll(context);
            if polled.is_pending() {
                waiting();
            }
            polled
        }));
        listed.map_err(|error| error.about("", Some(self.kind())))
    }

    /// Returns the source with which a step reaches a secret, if the secret's name alone is not that source. Some
    /// backends allow names that a source does not, and in a source the part before the first dot is a type.
    fn qualified_source(&self, name: &str) -> Option<String> {
        let kind = self.kind();
        let reads_as = |text: &str, backend: Option<&str>| {
            Source::parse(text).is_ok_and(|source| {
                source.id() == name && source.backend().map(|kind| kind.as_str()) == backend
            })
        };
        if reads_as(name, None) {
            return None;
        }
        let typed = format!("{kind}.{name}");
        Some(match reads_as(&typed, Some(kind)) {
            true => json_string(&typed),
            false => format!("{{ type = {}, id = {} }}", json_string(kind), json_string(name)),
        })
    }

    /// Checks a name against the rules of the primary backend.
    pub fn check_name(&self, name: &str) -> Result<(), Error> {
        let Some(flaw) = check_id(Some(self.kind()), name) else { return Ok(()) };
        let is_name = flaw.kind.is_name();
        let kind = if is_name { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
        let flaw = flaw.explain(name);
        let shown = escape_name(name);
        let origin = if shown.is_empty() { "the name" } else { &shown };
        Err(error_about(origin, kind, flaw.message(), flaw.help().unwrap_or("choose another name")))
    }

    /// Returns the error of a secret that exists already.
    pub fn exists_error(&self, name: &str) -> Error {
        let word = shell_word(name);
        let help = format!("change it with `secrets update {word}`, or choose another name");
        let message = "a secret with this name already exists";
        let error = error_about(name, ErrorKind::InvalidName, message, help);
        error.about(name, Some(self.kind()))
    }

    fn primary(&self) -> Result<&dyn Backend, Error> {
        self.primary_shared().map(|backend| &**backend)
    }

    fn primary_shared(&self) -> Result<&Arc<dyn Backend>, Error> {
        let primary = self.backends.first();
        primary.ok_or_else(|| Error::new(ErrorKind::InvalidConfig, "there is no backend"))
    }

    /// Records that fields of a secret are shown, before they are.
    pub fn record_read<'a>(
        &self,
        name: &str,
        secret: &StoredSecret,
        keys: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Error> {
        let keys: Vec<_> = keys.into_iter().collect();
        self.resolver.record_stored_read(self.kind(), name, secret.version(), &keys)
    }

    /// Returns the store of the primary backend that records what is written and deleted.
    fn audited_store(&self) -> Result<ResolverStore, Error> {
        self.store()?;
        self.resolver.store(self.kind())
    }

    /// Returns the primary backend as a store, or an error if it cannot be written.
    pub fn store(&self) -> Result<&dyn Store, Error> {
        let backend = self.primary()?;
        backend.as_store().ok_or_else(|| {
            let message = format!("{backend} can be read, but neither listed nor written");
            Error::new(ErrorKind::NotSupported, message)
                .with_help(self.stores_there_are())
                .about("", Some(backend.kind()))
        })
    }

    /// Returns how to name each backend that can be listed and written.
    fn stores_there_are(&self) -> String {
        let stores = self.resolver.backends().filter(|backend| backend.as_store().is_some());
        let mut options: Vec<_> =
            stores.map(|store| format!("--backend {}", store.kind())).collect();
        let last = options.pop().unwrap_or_default();
        match options.is_empty() {
            true => format!("use a backend that can be written: {last}"),
            false => format!("use a backend that can be written: {} or {last}", options.join(", ")),
        }
    }
}

/// Reads a secret. Its lease is revoked at the end of the command unless its value is revealed.
fn read(
    backend: &Arc<dyn Backend>,
    name: &str,
    stage: Option<&str>,
) -> Result<StoredSecret, Error> {
    let secret = StoredSecret::read_blocking(&**backend, name, stage)?;
    leases::record(backend, &secret);
    Ok(secret)
}

/// Returns the error for a backend that has not answered each request once.
fn miscounted(answers: usize, requests: usize) -> Error {
    let message = format!("the backend returned {answers} answers to {requests} requests");
    Error::new(ErrorKind::Unavailable, message)
        .with_help("this is a bug in the backend: please report it")
}

/// Returns an error about the version before the current one in the words of `--previous`. Only AWS has a name for it.
fn of_previous(error: Error, name: &str, backend: &Arc<dyn Backend>) -> Error {
    let speaks_of_it =
        error.problems().iter().any(|problem| problem.message().contains(PREVIOUS_STAGE));
    let (message, help) = match error.kind() {
        _ if backend.kind() == BuiltIn::AwsSecretsManager.name() => return error,
        ErrorKind::NotFound if speaks_of_it => (
            "there is no version before the current one",
            "leave --previous out: a secret has one after its first `secrets update`",
        ),
        ErrorKind::NotSupported => {
            ("the backend does not say which version is the previous one", "leave --previous out")
        }
        _ => return error,
    };
    Error::new(error.kind(), message).with_help(help).about(name, Some(backend.kind()))
}

/// Joins the errors of reading secrets with that of listing them. What both say is said once, with the secret's name.
pub fn join_errors(reading: Vec<Error>, listing: Option<Error>) -> Vec<Error> {
    let problems = |error: &Error| error.problems().to_vec();
    let listed: Vec<_> = listing.iter().flat_map(problems).collect();
    let read: Vec<_> = reading.iter().flat_map(problems).collect();
    let is_new = |problem: &Problem| read.iter().all(|known| known.message() != problem.message());
    let new = listed.into_iter().filter(is_new).map(Error::from);
    new.chain(reading).collect()
}

/// Creates a resolver from the process's settings. `types`, if given, replaces the default backends.
pub fn resolver(types: Option<&str>) -> Result<Resolver, Failure> {
    resolver_of_profile(types, profiles().first().copied())
}

/// The profiles of `--profile`.
static PROFILES: OnceLock<Vec<String>> = OnceLock::new();

/// Sets the profile of `secrets.toml` for every resolver that is created from now on. Fails if there are several and
/// the command takes only one.
pub fn use_profiles(names: Vec<String>, takes_several: bool) -> Result<(), Failure> {
    if names.len() > 1 && !takes_several {
        let help = "name one profile; only `lock` takes several";
        return Err(Failure::usage("--profile is given more than once", help));
    }
    let mut distinct = Vec::with_capacity(names.len());
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    let _ = PROFILES.set(distinct);
    Ok(())
}

/// Returns the profiles of `--profile`, each once.
pub fn profiles() -> Vec<&'static str> {
    PROFILES.get().map_or_else(Vec::new, |names| names.iter().map(String::as_str).collect())
}

/// Returns whether a text is the type of a backend that can be asked for secrets: a built-in one, or one of the settings.
pub fn is_type(text: &str, resolver: &Resolver) -> bool {
    let built_in = BuiltIn::parse(text).filter(|it| !it.is_reserved() && *it != BuiltIn::Inline);
    built_in.is_some() || resolver.backends().any(|backend| backend.kind() == text)
}

/// Returns whether an agent on this machine reads what is in AWS.
pub fn is_aws_by_agent(resolver: &Resolver) -> bool {
    let setting = resolver.settings().find(|it| *it.variable() == variables::AWS_TRANSPORT);
    setting.is_some_and(|it| it.text().is_some_and(|text| text.trim() == "agent"))
}

/// Creates the builder of such a resolver.
pub fn resolver_builder(types: Option<&str>) -> ResolverBuilder {
    builder_of_profile(types, profiles().first().copied())
}

/// Creates a resolver for a profile of `secrets.toml`.
pub fn resolver_of_profile(
    types: Option<&str>,
    profile: Option<&str>,
) -> Result<Resolver, Failure> {
    let resolver = builder_of_profile(types, profile).build()?;
    #[cfg(unix)]
    if resolver.backends().any(|backend| resolver.is_program(backend.kind())) {
        interruption::watch();
    }
    leases::remember(&resolver);
    Ok(resolver)
}

fn builder_of_profile(types: Option<&str>, profile: Option<&str>) -> ResolverBuilder {
    let options = [
        ("--profile", &variables::PROFILE, profile),
        ("--backend", &variables::DEFAULT_BACKEND, types),
    ];
    options.into_iter().fold(Resolver::builder(), |builder, (option, variable, text)| match text {
        Some(text) => builder.option(option, variable, text),
        None => builder,
    })
}

#[cfg(test)]
mod tests;
