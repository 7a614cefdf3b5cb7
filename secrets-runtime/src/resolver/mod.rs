//! Resolution: from a declaration to a context, all at once and all or nothing.

pub(crate) mod assemble;
pub(crate) mod builder;
#[cfg(feature = "aws")]
mod credentials_secret;
mod fetch;
pub(crate) mod get_secret;
mod hints;
mod inspect;
pub(crate) mod partial;
mod plan;
#[cfg(all(test, feature = "prefect"))]
mod prefect_tests;
mod refresh;
mod registry;
pub(crate) mod report;
mod resolution;
pub(crate) mod store;
mod validate;

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use once_cell::sync::OnceCell;

use crate::{
    backend::BoxFuture,
    cache::{Cache, lookup::Need},
    context::{
        Context, secret_files::RunDirSetting, secrets::Secrets, stack, test_secrets::TestSecrets,
    },
    core::error::{Error, ErrorKind},
    declaration::Declaration,
    resolver::{partial::PartialResolution, registry::Registry},
    rt::block_on::block_on,
    settings::Settings,
};

/// Finds the secrets that a declaration names: it chooses the backend and the role of each, and fetches all
/// at once.
///
/// A program that needs only the built-in backends never uses it directly: the process's resolver is created
/// from the settings at first use. A program with its own backend installs a resolver before the first step:
///
/// ```no_run
/// # use secrets_runtime::{Backend, Resolver, Error};
/// # fn start(vault: impl Backend) -> Result<(), Error> {
/// Resolver::builder().backend(vault).default_backend("my-vault").build()?.install()
/// # }
/// ```
#[derive(Clone)]
pub struct Resolver(Arc<Inner>);

struct Inner {
    registry: Registry,
    settings: Settings,
    /// `None` if values are not cached.
    cache: Option<Cache>,
    run_dir: RunDirSetting,
}

static INSTALLED: RwLock<Option<Resolver>> = RwLock::new(None);
static FROM_SETTINGS: OnceCell<Resolver> = OnceCell::new();

impl Resolver {
    /// Makes this the resolver of the process: steps that start from now on resolve with it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] if another resolver is installed already, or if a step has already been
    /// resolved with the one created from the settings. Otherwise two parts of a program would read from
    /// different backends.
    pub fn install(self) -> Result<(), Error> {
        let mut installed = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
        let reason = if installed.is_some() {
            "a resolver is installed already"
        } else if FROM_SETTINGS.get().is_some() {
            "a step has already been resolved with the process's own settings"
        } else {
            *installed = Some(self);
            return Ok(());
        };
        Err(Error::new(ErrorKind::InvalidConfig, reason)
            .with_help("install one resolver, at the start of `main`"))
    }

    /// Returns the resolver of the process, with which steps resolve. That is the installed one; if none is
    /// installed, one is created from the settings and stays the resolver of this process. Use it for
    /// [`refresh`](Resolver::refresh) and the like, outside steps.
    ///
    /// ```no_run
    /// # use secrets_runtime::{Error, Resolver};
    /// # async fn on_rotation() -> Result<(), Error> {
    /// Resolver::current()?.refresh("prod-db").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`ResolverBuilder::build`](crate::ResolverBuilder::build), if no resolver is installed and the settings are invalid.
    pub fn current() -> Result<Self, Error> {
        let installed = INSTALLED.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(resolver) = &*installed {
            return Ok(resolver.clone());
        }
        FROM_SETTINGS.get_or_try_init(|| Self::builder().build()).cloned()
    }

    /// Fetches everything that the declaration names and returns the context in which it is readable.
    ///
    /// # Errors
    /// Every problem at once, each with its source. The context is returned only if all required secrets were
    /// found.
    pub fn resolve<'a>(
        &'a self,
        declaration: &'a Declaration,
    ) -> BoxFuture<'a, Result<Context, Error>> {
        Box::pin(async move {
            match test_secrets() {
                Some(test_secrets) => {
                    assemble::from_test_secrets(declaration, test_secrets, self.run_dir())
                }
                None => {
                    let fetched = self.fetch(declaration, Need::Fresh).await;
                    fetched
                        .map(|(shared, _)| Context::new(Secrets::new(shared)))
                        .map_err(PartialResolution::into_error)
                }
            }
        })
    }

    /// Blocking version of [`resolve`](Self::resolve): parks this thread until everything is fetched. It
    /// works in `main`, in a worker of any runtime and in a plain thread.
    ///
    /// # Errors
    /// As [`Resolver::resolve`].
    pub fn resolve_blocking(&self, declaration: &Declaration) -> Result<Context, Error> {
        block_on(self.resolve(declaration))
    }

    fn run_dir(&self) -> RunDirSetting {
        self.0.run_dir.clone()
    }
}

/// Returns the folder setting for the files of a test, for which no resolver was created.
pub(crate) fn run_dir_of_settings() -> RunDirSetting {
    RunDirSetting::Asked(|| Ok(Settings::load()?.run_dir().map(ToOwned::to_owned)))
}

/// Returns the secrets of the test, if the caller is inside `testing::with_secrets`.
pub(crate) fn test_secrets() -> Option<Arc<TestSecrets>> {
    stack::with_current(|secrets| secrets.shared().test_secrets.clone()).flatten()
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("backends", &self.0.registry).finish_non_exhaustive()
    }
}
