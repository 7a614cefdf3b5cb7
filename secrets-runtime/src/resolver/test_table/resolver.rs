//! The resolver of a test: its only backend is the table of the test's secrets.

use std::{path::PathBuf, sync::Arc};

#[cfg(feature = "guard")]
use secrets_spec::GuardMode;

use crate::{
    audit::trail::{AuditSinks, AuditTrail},
    cache::Cache,
    context::{
        Context, freshness::Freshness, resolved::ResolvedSecrets, secret_files::RunDirSetting,
        secrets::Secrets, stack,
    },
    core::error::Error,
    declaration::Declaration,
    resolver::{
        Resolver, ResolverState,
        refresh::Refresher,
        registry::Registry,
        test_table::secrets::{TestSecrets, kind},
    },
    rt::block_on::block_on,
    settings::{Settings, audit::AuditSettings},
};

impl Resolver {
    /// Creates the resolver of a test. It reads no settings except those of the audit log and of the guard.
    pub(crate) fn of_test(secrets: TestSecrets) -> Self {
        let secrets = Arc::new(secrets);
        #[cfg_attr(
            not(feature = "guard"),
            expect(unused_mut, reason = "only the guard is set later")
        )]
        let mut settings = Settings::for_tests(kind());
        #[cfg(feature = "guard")]
        {
            settings.guard = guard_of_process();
        }
        Self::of(ResolverState {
            registry: Registry::of_one(secrets.clone()),
            settings,
            cache: Cache::off(),
            run_dir: RunDirSetting::Lazy(run_dir_of_process),
            audit: audit_of_process(),
            test: Some(secrets),
        })
    }

    /// Returns the context of a test outside its steps, with all secrets that the test supplies. It lacks a group with
    /// a value that backends must not return; a step that reads the group reports it.
    pub(crate) fn context_of_test(&self) -> Context {
        let plan = self.0.plan(&Declaration::empty(None));
        let resolution = block_on(self.0.resolve_plan(&plan, Freshness::Unexpired, None));
        let refresher = Arc::new(Refresher::new(self.inner().clone(), plan, None));
        let shared = ResolvedSecrets { refresher: Some(refresher), ..resolution.shared };
        Context::new(Secrets::new(Arc::new(shared)))
    }

    /// Returns the resolver for the caller: the resolver of the test if the caller is inside `testing::with_secrets`,
    /// or else this one.
    pub(in crate::resolver) fn for_caller(&self) -> Self {
        if self.0.test.is_some() {
            return self.clone();
        }
        let of_test = stack::with_current(|secrets| {
            let refresher = secrets.shared().refresher.as_ref()?;
            let test = refresher.as_any().downcast_ref::<Refresher>()?.resolver();
            test.test.is_some().then(|| Self::of_shared(test.clone()))
        });
        of_test.flatten().unwrap_or_else(|| self.clone())
    }
}

/// Returns the audit trail of the process. It marks the secrets of a test as such.
fn audit_of_process() -> Option<Arc<AuditTrail>> {
    match Resolver::existing() {
        Some(resolver) => resolver.inner().audit.clone(),
        None => AuditTrail::new(&AuditSettings::of_environment(), AuditSinks::default()),
    }
}

/// Returns the guard's mode of the process.
#[cfg(feature = "guard")]
fn guard_of_process() -> GuardMode {
    match Resolver::existing() {
        Some(resolver) => resolver.inner().settings.guard,
        None => Settings::guard_of_environment(),
    }
}

/// Returns the folder for the files of a test: the folder of the process's resolver.
fn run_dir_of_process() -> Result<Option<PathBuf>, Error> {
    match Resolver::installed() {
        Some(resolver) => resolver.inner().run_dir.path(),
        None => Ok(Settings::load()?.run_dir().map(ToOwned::to_owned)),
    }
}
