use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use secrets_spec::{BackendType, SourceRole, SpecError};

#[cfg(feature = "aws")]
use crate::resolver::credentials_secret::add_aws;
#[cfg(any(test, feature = "conformance"))]
use crate::rt::clock::ManualClock;
use crate::{
    audit::{
        AuditSink,
        trail::{AuditSinks, AuditTrail},
    },
    backend::{Backend, registration::registered_backends},
    cache::Cache,
    context::secret_files::RunDirSetting,
    core::error::{Error, ErrorKind, Problem},
    declaration::parse::invalid,
    resolver::{Resolver, ResolverState, registry::Registry},
    rt::clock::Clock,
    settings::{
        audit::AUDIT_OFF,
        load::LoadedSettings,
        precedence::CodeSettings,
        variables::{self, Variable},
    },
};

impl Resolver {
    /// Returns a builder for a resolver with the built-in backends and the process's settings.
    #[must_use]
    pub fn builder() -> ResolverBuilder {
        ResolverBuilder::default()
    }
}

/// Builds a [`Resolver`].
#[derive(Debug, Default)]
pub struct ResolverBuilder {
    backends: Vec<Arc<dyn Backend>>,
    with_registered: bool,
    default_backend: Option<String>,
    role: Option<String>,
    cache_ttl: Option<Duration>,
    cache_stale: Option<Duration>,
    audit_file: Option<PathBuf>,
    is_audit_required: Option<bool>,
    sinks: AuditSinks,
    built: CodeSettings,
    #[cfg(any(test, feature = "conformance"))]
    clock: Option<ManualClock>,
}

impl ResolverBuilder {
    /// Adds a backend. If it has a built-in type, it replaces the built-in backend.
    #[must_use]
    pub fn backend(mut self, backend: impl Backend) -> Self {
        self.backends.push(Arc::new(backend));
        self
    }

    /// Adds a backend that is shared with others. One of a built-in type replaces the built-in backend.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use secrets_runtime::{Backend, Error, Resolver, backends::File};
    ///
    /// let file: Arc<dyn Backend> = Arc::new(File::new("/run/secrets"));
    /// let resolver = Resolver::builder().backend_arc(file.clone()).build()?;
    /// assert!(Arc::ptr_eq(&resolver.backend("file")?, &file));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn backend_arc(mut self, backend: Arc<dyn Backend>) -> Self {
        self.backends.push(backend);
        self
    }

    /// Adds the backends that the program registers with [`register_backend!`](crate::register_backend), except those
    /// whose type this builder has already.
    ///
    /// The resolver that is created from the process's settings has them without this call.
    #[must_use]
    pub fn registered_backends(mut self) -> Self {
        self.with_registered = true;
        self
    }

    /// Sets the backend of sources without a type, and of requests: one type, or several separated by commas.
    /// Several are asked in order, until one has the secret. It overrides `SECRETS_DEFAULT_BACKEND`.
    #[must_use]
    pub fn default_backend(mut self, types: impl Into<String>) -> Self {
        self.default_backend = Some(types.into());
        self
    }

    /// Sets the role for sources and requests without a role of their own. It overrides
    /// `SECRETS_DEFAULT_ROLE`.
    #[must_use]
    pub fn role(mut self, arn: impl Into<String>) -> Self {
        self.role = Some(arn.into());
        self
    }

    /// Sets how long later steps may use a fetched value. With zero, every step fetches. It overrides
    /// `SECRETS_CACHE_TTL`.
    ///
    /// The effective time is 90 to 100 % of this, so that entries fetched together do not expire together.
    #[must_use]
    pub fn cache_ttl(mut self, ttl: Duration) -> Self {
        self.cache_ttl = Some(ttl);
        self
    }

    /// Sets for how long after its expiry a value may still be used while its backend throttles or is down.
    /// It overrides `SECRETS_CACHE_STALE`.
    #[must_use]
    pub fn cache_stale(mut self, stale: Duration) -> Self {
        self.cache_stale = Some(stale);
        self
    }

    /// Records each use of a secret with this sink too. Several sinks can be added.
    #[must_use]
    pub fn audit(mut self, sink: impl AuditSink) -> Self {
        self.sinks.0.push(Box::new(sink));
        self
    }

    /// Appends each use of a secret to this file, as a line of JSON. It overrides `SECRETS_AUDIT`.
    ///
    /// ```
    /// use secrets_runtime::{Declaration, Error, Resolver};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("audit.log");
    /// let resolver = Resolver::builder().audit_file(&path).default_backend("env").build()?;
    /// let declaration = Declaration::builder("load").source("PATH")?.build();
    /// resolver.resolve_blocking(&declaration)?;
    /// let log = std::fs::read_to_string(&path).expect("it is there");
    /// assert!(log.contains(r#""event":"resolved""#));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn audit_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.audit_file = Some(path.into());
        self
    }

    /// Sets whether a step fails if its use of secrets cannot be recorded. It overrides `SECRETS_AUDIT_REQUIRED`.
    ///
    /// A line is then in the file, and every sink has returned, before the step gets the value.
    #[must_use]
    pub fn audit_required(mut self, is_required: bool) -> Self {
        self.is_audit_required = Some(is_required);
        self
    }

    /// Sets any setting, with the text that its variable would have. It overrides the variable and
    /// `secrets.toml`; an empty text unsets the setting (for `variables::CONFIG`: no `secrets.toml` is read). If a
    /// setting is set twice, the last text wins. The methods above take precedence over this one.
    ///
    /// An invalid text is an error of [`build`](Self::build).
    ///
    /// ```
    /// use secrets_runtime::{Resolver, settings::variables};
    ///
    /// let resolver = Resolver::builder()
    ///     .setting(&variables::TIMEOUT, "10")
    ///     .setting(&variables::LOCAL_DIR, "/srv/secrets")
    ///     .build()?;
    /// let timeout = resolver.settings().find(|s| *s.variable() == variables::TIMEOUT);
    /// let timeout = timeout.expect("every setting is there");
    /// assert_eq!((timeout.text(), timeout.origin()), (Some("10"), "built in code"));
    ///
    /// let error = Resolver::builder().setting(&variables::TIMEOUT, "soon").build().unwrap_err();
    /// assert_eq!(error.problems()[0].origin(), "SECRETS_TIMEOUT (built in code)");
    /// # Ok::<(), secrets_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn setting(mut self, variable: &Variable, text: impl Into<OsString>) -> Self {
        self.built.set(variable, text);
        self
    }

    /// Sets the clock on which cached values expire, for tests.
    #[cfg(any(test, feature = "conformance"))]
    #[doc(hidden)]
    #[must_use]
    pub fn clock(mut self, clock: &ManualClock) -> Self {
        self.clock = Some(clock.clone());
        self
    }

    /// Sets any setting from an option of the program's command line, like [`setting`](Self::setting). Problems and
    /// [`settings`](Resolver::settings) name the option.
    ///
    /// ```
    /// use secrets_runtime::{Resolver, settings::variables};
    ///
    /// let builder = Resolver::builder().option("--timeout", &variables::TIMEOUT, "soon");
    /// assert_eq!(builder.build().unwrap_err().problems()[0].origin(), "--timeout");
    /// ```
    #[must_use]
    pub fn option(
        mut self,
        option: &'static str,
        variable: &Variable,
        text: impl Into<OsString>,
    ) -> Self {
        self.built.set_option(variable, option, text);
        self
    }

    /// Builds the resolver.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] for every problem with the settings, the default backend, the role or the
    /// backends' types.
    pub fn build(self) -> Result<Resolver, Error> {
        let (resolver, error) = self.build_anyway();
        error.map_or(Ok(resolver), Err)
    }

    /// Builds the resolver even if settings are invalid, which then count as unset, and returns the problems.
    /// Use it to list the settings, not to resolve.
    ///
    /// ```
    /// # use secrets_runtime::Resolver;
    /// let (resolver, error) = Resolver::builder().default_backend("No such").build_anyway();
    /// assert!(error.is_some() && resolver.settings().count() > 0);
    /// ```
    #[must_use]
    pub fn build_anyway(mut self) -> (Resolver, Option<Error>) {
        if let Some(path) = self.audit_file.take() {
            let is_named_off = path.as_os_str() == AUDIT_OFF;
            let path = if is_named_off { Path::new(".").join(path) } else { path };
            self.built.set(&variables::AUDIT, path);
        }
        if let Some(is_required) = self.is_audit_required {
            let text = if is_required { "1" } else { "0" };
            self.built.set(&variables::AUDIT_REQUIRED, text);
        }
        let LoadedSettings { mut settings, mut problems } = LoadedSettings::of_process(&self.built);
        if self.with_registered {
            let (mut registered, mistakes) = registered_backends();
            registered.retain(|one| self.backends.iter().all(|own| own.kind() != one.kind()));
            self.backends.extend(registered);
            problems.extend(mistakes);
        }
        for backend in &self.backends {
            if let Err(error) = BackendType::parse(backend.kind()) {
                let what = "a backend's type";
                problems.push(invalid(&error, ErrorKind::InvalidConfig).with_origin(what));
            }
        }
        if let Some(types) = &self.default_backend {
            match parse_chain(types) {
                Ok(chain) => settings.set_default_backends(chain),
                Err(problem) => problems.push(problem),
            }
        }
        if let Some(role) = &self.role {
            match SourceRole::parse(role) {
                Ok(role) => settings.set_default_role(role),
                Err(error) => {
                    problems.push(invalid(&error, ErrorKind::InvalidConfig).with_origin(role))
                }
            }
        }
        settings.set_cache(self.cache_ttl, self.cache_stale);
        #[cfg_attr(not(feature = "aws"), expect(unused_mut, reason = "only AWS is added later"))]
        let mut registry = Registry::new(self.backends, &settings);
        #[cfg(feature = "aws")]
        if let Some(problem) = add_aws(&mut registry, &settings) {
            problems.push(settings.add_problem(&variables::AWS_CREDENTIALS_FROM, &problem));
        }
        let audit = AuditTrail::new(&settings.audit, self.sinks);
        if audit.is_none() && settings.audit.is_required {
            let message = "the use of secrets has to be recorded, and there is no audit log";
            let problem = Problem::new(ErrorKind::InvalidConfig, message)
                .with_help("name a file with SECRETS_AUDIT, or set SECRETS_AUDIT_REQUIRED=0");
            problems.push(settings.add_problem(&variables::AUDIT_REQUIRED, &problem));
        }
        let error = (!problems.is_empty()).then(|| Error::from_problems(problems));
        let clock = Clock::default();
        #[cfg(any(test, feature = "conformance"))]
        let clock = self.clock.as_ref().map_or(clock, Clock::from);
        let cache = Cache::new(settings.cache_ttl(), settings.cache_stale(), clock);
        let run_dir = RunDirSetting::Known(settings.run_dir().map(Arc::from));
        (
            Resolver::of(ResolverState { registry, settings, cache, run_dir, audit, test: None }),
            error,
        )
    }
}

fn parse_chain(types: &str) -> Result<Vec<BackendType>, Problem> {
    let parsed: Result<_, SpecError> =
        types.split(',').map(|name| BackendType::parse(name.trim())).collect();
    parsed.map_err(|error| {
        invalid(&error, ErrorKind::InvalidConfig).with_origin(format!("default backend {types:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::variables;

    #[cfg(not(feature = "guard"))]
    #[test]
    fn a_guard_needs_its_feature() {
        for guard in ["deny", "warn", "errors"] {
            let built = Resolver::builder().setting(&variables::GUARD, guard).build();
            let error = built.expect_err("the feature is off");
            assert_eq!(error.kind(), ErrorKind::NotSupported);
            let problem = &error.problems()[0];
            assert!(problem.message().contains("the feature `guard`"), "{error}");
            assert!(problem.help().is_some_and(|help| help.contains("features = [\"guard\"]")));
        }
        assert!(Resolver::builder().setting(&variables::GUARD, "off").build().is_ok());
    }

    #[cfg(all(unix, not(feature = "exec")))]
    #[test]
    fn a_program_needs_its_feature() {
        use std::os::unix::fs::PermissionsExt;

        use crate::declaration::Declaration;

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secrets.toml");
        std::fs::write(&path, "[backends.op]\nexec = ['/bin/cat', '{id}']\n").expect("a file");
        let rights = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, rights).expect("rights");
        let built = Resolver::builder().setting(&variables::CONFIG, path).build();
        let resolver = built.expect("the table is right");
        let error = resolver.backend("op").expect_err("the feature is off");
        assert_eq!(error.kind(), ErrorKind::NotSupported);
        assert!(error.to_string().contains("features = [\"exec\"]"), "{error}");
        let declaration = Declaration::builder("step").source("op.x").expect("a source");
        let error = resolver.resolve_blocking(&declaration.build()).expect_err("it is off");
        assert_eq!(error.kind(), ErrorKind::NotSupported);
    }

    #[test]
    fn a_problem_is_listed_with_its_setting() {
        let mut built = CodeSettings::default();
        built.set(&variables::TIMEOUT, "soon");
        let builder = ResolverBuilder { built, ..ResolverBuilder::default() };
        let (resolver, error) = builder.build_anyway();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::InvalidConfig));
        let wrong: Vec<_> = resolver.settings().filter(|s| s.problem().is_some()).collect();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert_eq!(wrong[0].variable().name(), "SECRETS_TIMEOUT");
        assert_eq!(wrong[0].text(), Some("soon"));
    }

    #[cfg(feature = "aws")]
    #[test]
    fn circular_aws_credentials_are_listed_with_their_setting() {
        let mut built = CodeSettings::default();
        built.set(&variables::AWS_CREDENTIALS_FROM, "AWS_CREDENTIALS");
        let make = |default: &str| {
            ResolverBuilder { built: built.clone(), ..Default::default() }.default_backend(default)
        };
        let (resolver, error) = make("env,aws-secrets-manager").build_anyway();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::InvalidConfig));
        let wrong: Vec<_> = resolver.settings().filter(|s| s.problem().is_some()).collect();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert_eq!(wrong[0].variable().name(), "SECRETS_AWS_CREDENTIALS_FROM");
        assert!(make("env").build().is_ok());
        assert_eq!(
            make("nope").build().map_err(|e| e.kind()).err(),
            Some(ErrorKind::InvalidConfig)
        );
        // A program's own backend uses the credentials of the program.
        let own = make("aws-secrets-manager")
            .backend(crate::backends::aws::sdk::secrets_manager::AwsSecretsManager::new());
        assert!(own.build().is_ok());
    }

    #[test]
    fn a_misspelled_type_gets_a_suggestion_and_an_unknown_one_does_not() {
        let resolver = Resolver::builder().build().expect("the settings are good");
        let help = |kind| {
            let error = resolver.backend(kind).expect_err("there is no such backend");
            error.problems()[0].help().map(str::to_owned).unwrap_or_default()
        };
        assert!(help("nope").starts_with("register it"), "{}", help("nope"));
        assert!(help("evn").starts_with("did you mean `env`? "), "{}", help("evn"));
    }
}
