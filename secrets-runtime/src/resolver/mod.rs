//! Resolution: from a declaration to a context. All secrets are fetched at once, and the context has all or none.

pub(crate) mod builder;
#[cfg(feature = "aws")]
mod credentials_secret;
pub(crate) mod deployment;
pub(crate) mod get_secret;
mod hints;
mod inspect;
#[cfg(all(test, feature = "prefect"))]
mod prefect_tests;
mod refresh;
mod registry;
pub(crate) mod report;
pub(crate) mod resolution;
pub(crate) mod rotating;
pub(crate) mod route;
pub(crate) mod store;
pub(crate) mod test_table;
mod validate;

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, PoisonError, RwLock},
};

use once_cell::sync::OnceCell;

use crate::{
    audit::trail::AuditTrail,
    backend::BoxFuture,
    cache::{Cache, backend_call::Deadline},
    context::{Context, freshness::Freshness, secret_files::RunDirSetting, secrets::Secrets},
    core::error::{Error, ErrorKind},
    declaration::Declaration,
    resolver::{
        registry::Registry, resolution::partial::PartialResolution,
        test_table::secrets::TestSecrets,
    },
    rt::block_on::block_on,
    settings::Settings,
};

/// Finds the secrets that a declaration names: it chooses the backend and the role of each, and fetches all
/// at once.
///
/// A program that needs only the built-in backends never uses it directly: the process's resolver is created
/// from the settings at first use. A program with its own backend registers it
/// ([`register_backend!`](crate::register_backend)), or installs a resolver before the first step:
///
/// ```no_run
/// # use secrets_runtime::{Backend, Resolver, Error};
/// # fn start(vault: impl Backend) -> Result<(), Error> {
/// Resolver::builder().backend(vault).default_backend("my-vault").build()?.install()
/// # }
/// ```
#[derive(Clone)]
pub struct Resolver(Arc<Handle>);

/// Shared by all handles. The cache holds results of steps, and these refer to the resolver: a cycle. Dropping the
/// last handle breaks it.
struct Handle(Arc<ResolverState>);

struct ResolverState {
    registry: Registry,
    settings: Settings,
    cache: Cache,
    run_dir: RunDirSetting,
    audit: Option<Arc<AuditTrail>>,
    /// The table of the test that this resolver belongs to, if any.
    test: Option<Arc<TestSecrets>>,
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
        if let Some(resolver) = Self::installed() {
            return Ok(resolver);
        }
        FROM_SETTINGS.get_or_try_init(|| Self::builder().registered_backends().build()).cloned()
    }

    /// Fetches all secrets that the declaration names, and returns the context with them.
    ///
    /// # Errors
    /// Every problem at once, each with its source. The context is returned only if all required secrets were
    /// found.
    pub fn resolve<'a>(
        &'a self,
        declaration: &'a Declaration,
    ) -> BoxFuture<'a, Result<Context, Error>> {
        Box::pin(async move {
            let fetched = self.fetch(declaration, Freshness::Unexpired).await;
            fetched
                .map(|(shared, _)| Context::new(Secrets::new(shared)))
                .map_err(PartialResolution::into_error)
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

    /// Shuts down the resolver, at the end of a program: drops everything that it has cached, which is wiped as soon
    /// as no step holds it, and caches nothing from then on.
    ///
    /// Steps that start later, such as those that shut down a service, still resolve: each asks its backends. Running
    /// requests are still answered. Clones of this resolver are shut down with it. The library's threads belong to the
    /// process and are shared with other resolvers, so they continue.
    ///
    /// All leases are revoked, also those whose values steps still have, and each backend revokes what it holds at its
    /// server ([`Backend::shutdown`](crate::Backend::shutdown)). This waits at most as long as `SECRETS_TIMEOUT` says,
    /// and warns of each lease that could not be revoked.
    ///
    /// ```
    /// # use secrets_runtime::{Declaration, Error, Resolver};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let resolver = Resolver::builder().default_backend("env").build()?;
    /// resolver.shutdown().await;
    ///
    /// let declaration = Declaration::builder("last").source("PATH")?.build();
    /// assert!(resolver.resolve(&declaration).await?.secrets.get("PATH", "PATH").is_ok());
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub async fn shutdown(&self) {
        let inner = self.inner();
        let deadline = Deadline::after(inner.settings.timeout());
        inner.cache.close(inner.registry.all().cloned().collect(), deadline).await;
    }

    /// Blocking version of [`shutdown`](Self::shutdown): works inside and outside any runtime.
    pub fn shutdown_blocking(&self) {
        block_on(self.shutdown());
    }

    fn installed() -> Option<Self> {
        INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the resolver of the process, if there is one already.
    fn existing() -> Option<Self> {
        Self::installed().or_else(|| FROM_SETTINGS.get().cloned())
    }

    fn of(inner: ResolverState) -> Self {
        Self::of_shared(Arc::new(inner))
    }

    fn of_shared(inner: Arc<ResolverState>) -> Self {
        Self(Arc::new(Handle(inner)))
    }

    fn inner(&self) -> &Arc<ResolverState> {
        &self.0.0
    }
}

impl Deref for Handle {
    type Target = ResolverState;

    fn deref(&self) -> &ResolverState {
        &self.0
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.cache.drop_derived();
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("backends", &self.0.registry).finish_non_exhaustive()
    }
}
