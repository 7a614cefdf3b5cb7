//! The parts of a resolver, for tools that list them or write with them.

use std::{path::Path, sync::Arc};

use secrets_spec::{BackendType, StepSpec};

use crate::{
    backend::Backend,
    context::open_lease::OpenLease,
    core::error::{Error, ErrorKind},
    declaration::parse::invalid,
    resolver::{
        Resolver,
        route::{RouteFinder, SourceRoute},
    },
    settings::setting::Setting,
};

impl Resolver {
    /// Returns the backend of this type.
    ///
    /// ```
    /// # use secrets_runtime::{Error, ErrorKind, Resolver};
    /// let resolver = Resolver::builder().build()?;
    /// assert_eq!(resolver.backend("env")?.to_string(), "the process's environment");
    /// assert_eq!(resolver.backend("my-vault").unwrap_err().kind(), ErrorKind::InvalidConfig);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As resolving: [`ErrorKind::NotSupported`] for a built-in type that this build does not include, and
    /// [`ErrorKind::InvalidConfig`] for any other type that is not registered. The error lists the registered
    /// types.
    pub fn backend(&self, kind: &str) -> Result<Arc<dyn Backend>, Error> {
        let wanted = BackendType::parse(kind).map_err(|error| {
            let origin = format!("backend {}", crate::core::escape::escape_name(kind));
            Error::from_problems(vec![
                invalid(&error, ErrorKind::InvalidConfig).with_origin(origin),
            ])
        })?;
        self.0.registry.find(&wanted).map_err(|problem| Error::from_problems(vec![problem]))
    }

    /// Returns the backends of sources without a type, in the order in which they are asked.
    /// # Errors
    /// The errors of [`backend`](Self::backend), for every type without a backend. They also name the setting that
    /// chose the type.
    pub fn open_default_backends(&self) -> Result<Vec<Arc<dyn Backend>>, Error> {
        let (mut backends, mut problems) = (Vec::new(), Vec::new());
        for found in self.0.registry.find_defaults(&self.0.settings) {
            match found {
                Ok(backend) => backends.push(backend),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(backends) } else { Err(Error::from_problems(problems)) }
    }

    /// Returns all registered backends, the program's own first.
    pub fn backends(&self) -> impl Iterator<Item = &Arc<dyn Backend>> {
        self.0.registry.all()
    }

    /// Returns the types of the backends of sources without a type, in the order in which they are asked.
    /// There is at least one.
    pub fn default_backends(&self) -> impl Iterator<Item = &str> {
        self.0.settings.default_backends().iter().map(BackendType::as_str)
    }

    /// Returns every setting, in the order of [`crate::settings::variables::ALL`], without credentials.
    ///
    /// ```
    /// # use secrets_runtime::{Error, Resolver};
    /// let resolver = Resolver::builder().default_backend("env").build()?;
    /// let setting = resolver.settings().next().expect("there are settings");
    /// assert_eq!(setting.variable().name(), "SECRETS_DEFAULT_BACKEND");
    /// assert_eq!((setting.text(), setting.origin()), (Some("env"), "built in code"));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn settings(&self) -> impl Iterator<Item = Setting> {
        self.0.settings.shown().iter().map(Setting::of)
    }

    /// Returns the path of the `secrets.toml` that was read.
    #[must_use]
    pub fn config_file(&self) -> Option<&Path> {
        self.0.settings.config_file()
    }

    /// Returns the file of the audit log, if there is one.
    ///
    /// ```
    /// # use secrets_runtime::{Error, Resolver};
    /// # let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("audit.log");
    /// let resolver = Resolver::builder().audit_file(&path).build()?;
    /// assert_eq!(resolver.audit_file(), Some(path.as_path()));
    /// assert!(resolver.check_audit().is_ok() && !path.exists());
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn audit_file(&self) -> Option<&Path> {
        self.0.audit.as_ref()?.path()
    }

    /// Checks that the file of the audit log can be written, without writing or creating it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] if it cannot be written, or if other users may write it.
    pub fn check_audit(&self) -> Result<(), Error> {
        self.0.audit.as_ref().map_or(Ok(()), |audit| audit.check())
    }

    /// Returns the leases that this resolver holds.
    ///
    /// ```
    /// # use secrets_runtime::{Error, Resolver};
    /// let resolver = Resolver::builder().default_backend("env").build()?;
    /// assert!(resolver.leases().is_empty());
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn leases(&self) -> Vec<OpenLease> {
        self.0.cache.leases()
    }

    /// Returns the sources and groups that `secrets.toml` maps to others: the name of each, and the type and
    /// the id to which it is mapped, if they are set.
    pub fn mapped_sources(&self) -> impl Iterator<Item = (&str, Option<&str>, Option<&str>)> {
        let mapped = self.0.settings.all_mapped();
        mapped.map(|(name, to)| (name, to.backend().map(BackendType::as_str), to.id()))
    }

    /// Returns the route of each source and request of a step, first the sources. For a step that declares nothing,
    /// these are the sources that `SECRETS_WITH` attaches at launch.
    ///
    /// No backend is asked. The types of the backends need not be registered: the backends of the program itself are
    /// not known here.
    ///
    /// ```
    /// # use secrets_runtime::{Resolver, admin::StepSpec};
    /// let resolver = Resolver::builder().default_backend("env").build()?;
    /// let step = StepSpec::from_json(r#"{"step":"load","sources":["DB","local.api"]}"#).unwrap();
    /// let routes = resolver.routes(&step)?;
    /// assert_eq!((&routes[0].backends[..], &routes[0].id[..]), (&["env".to_owned()][..], "DB"));
    /// assert_eq!((&routes[1].backends[..], &routes[1].id[..]), (&["local".to_owned()][..], "api"));
    /// # Ok::<(), secrets_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSource`] if the source of a typed parameter is invalid, and [`ErrorKind::InvalidConfig`] if
    /// the AWS SDK's settings name an invalid region.
    pub fn routes(&self, step: &StepSpec) -> Result<Vec<SourceRoute>, Error> {
        RouteFinder::new(&self.0.settings, &self.0.registry).routes(step)
    }
}
