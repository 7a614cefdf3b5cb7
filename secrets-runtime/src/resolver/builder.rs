use std::sync::Arc;

use secrets_spec::{BackendType, SourceRole, SpecError};

use super::{Inner, Registry, Resolver};
use crate::{
    Backend, Error, ErrorKind, Problem,
    settings::{Built, Settings},
    written::invalid,
};

impl Resolver {
    /// Starts a resolver that has the built-in backends and the process's settings.
    #[must_use]
    pub fn builder() -> ResolverBuilder {
        ResolverBuilder::default()
    }
}

/// Builds a [`Resolver`].
#[derive(Debug, Default)]
pub struct ResolverBuilder {
    backends: Vec<Arc<dyn Backend>>,
    default_backend: Option<String>,
    role: Option<String>,
    built: Built,
}

impl ResolverBuilder {
    /// Adds a backend. One of a built-in type takes the place of the built-in one.
    #[must_use]
    pub fn backend(mut self, backend: impl Backend) -> Self {
        self.backends.push(Arc::new(backend));
        self
    }

    /// Sets the backend of sources without a type, and of requests: a type, or several with commas, which are
    /// asked in order as long as they have no such secret. It overrides `SECRETS_DEFAULT_BACKEND`.
    #[must_use]
    pub fn default_backend(mut self, types: impl Into<String>) -> Self {
        self.default_backend = Some(types.into());
        self
    }

    /// Sets the role for what has none of its own. It overrides `SECRETS_DEFAULT_ROLE`.
    #[must_use]
    pub fn role(mut self, arn: impl Into<String>) -> Self {
        self.role = Some(arn.into());
        self
    }

    /// Lays settings over those of the environment, as a program's own command line gives them.
    #[cfg(feature = "clap")]
    pub(crate) fn built(mut self, built: Built) -> Self {
        self.built = built;
        self
    }

    /// The resolver.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] for everything that is wrong with the settings, the default backend, the
    /// role or the backends' types.
    pub fn build(self) -> Result<Resolver, Error> {
        let mut problems = Vec::new();
        let mut settings = match Settings::load_with(&self.built) {
            Ok(settings) => Some(settings),
            Err(error) => {
                problems.extend(error.into_problems());
                None
            }
        };
        for backend in &self.backends {
            if let Err(error) = BackendType::parse(backend.kind()) {
                let what = "a backend's type";
                problems.push(invalid(&error, ErrorKind::InvalidConfig).of(what));
            }
        }
        if let Some(types) = &self.default_backend {
            match parse_chain(types) {
                Ok(chain) => {
                    settings.iter_mut().for_each(|s| s.set_default_backends(chain.clone()))
                }
                Err(problem) => problems.push(problem),
            }
        }
        if let Some(role) = &self.role {
            match SourceRole::parse(role) {
                Ok(role) => settings.iter_mut().for_each(|s| s.set_default_role(role.clone())),
                Err(error) => problems.push(invalid(&error, ErrorKind::InvalidConfig).of(role)),
            }
        }
        match settings {
            Some(settings) if problems.is_empty() => {
                let registry = Registry::new(self.backends, &settings);
                Ok(Resolver(Arc::new(Inner { registry, settings })))
            }
            _ => Err(Error::from_problems(problems)),
        }
    }
}

fn parse_chain(types: &str) -> Result<Vec<BackendType>, Problem> {
    let parsed: Result<_, SpecError> =
        types.split(',').map(|name| BackendType::parse(name.trim())).collect();
    parsed.map_err(|error| {
        invalid(&error, ErrorKind::InvalidConfig).of(format!("default backend {types:?}"))
    })
}
