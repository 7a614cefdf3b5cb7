//! Refresh: fetches secrets again, even if the cache has them.

use std::{
    any::Any,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
    time::Instant,
};

use crate::{
    audit::call::AuditedCall,
    backend::BoxFuture,
    context::{
        freshness::Freshness,
        resolved::{Refresh, Refreshing},
        secrets::Secrets,
    },
    core::error::Error,
    declaration::{Declaration, parse::parse_source},
    resolver::{
        Resolver, ResolverState,
        resolution::{partial::PartialResolution, plan::Plan},
    },
    rt::block_on::block_on,
};

impl Resolver {
    /// Fetches a source again and returns its secrets. Steps that start from now on and resolve with this resolver
    /// read the new values. The steps of a program resolve with [`Resolver::current`]. `source` is written as in an
    /// attribute and in [`get_secret`](crate::get_secret). Cached values of this secret in other roles and versions
    /// expire too.
    ///
    /// ```no_run
    /// # use secrets_runtime::{Error, Resolver};
    /// # async fn on_rotation() -> Result<(), Error> {
    /// let secrets = Resolver::current()?.refresh("prod-db").await?;
    /// let password = secrets.get("prod-db", "password")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Every problem of the source, and every error of its fetch. A cached value is not returned instead; steps may
    /// still use it as an expired value.
    pub fn refresh<'a>(&'a self, source: &'a str) -> BoxFuture<'a, Result<Secrets, Error>> {
        Box::pin(async move {
            let mut declaration = Declaration::empty(None);
            declaration.sources.push(parse_source(source).map_err(Error::from_problems)?);
            let resolver = self.for_caller();
            resolver.0.expire(&resolver.0.plan(&declaration));
            let fetched = self.fetch(&declaration, Freshness::FromNowOn).await;
            fetched.map(|(shared, _)| Secrets::new(shared)).map_err(PartialResolution::into_error)
        })
    }

    /// Blocking version of [`refresh`](Self::refresh): works inside and outside any runtime.
    ///
    /// # Errors
    /// As [`Resolver::refresh`].
    pub fn refresh_blocking(&self, source: &str) -> Result<Secrets, Error> {
        block_on(self.refresh(source))
    }
}

impl ResolverState {
    /// Makes all cached values of the plan's secrets expire.
    fn expire(&self, plan: &Plan) {
        for fetch in plan.fetches.values() {
            for link in fetch.links().iter().filter(|link| link.capabilities.is_cached()) {
                self.cache.expire(&*link.backend, &fetch.request_to(link));
            }
        }
    }
}

/// The plan of a step's secrets, with which they are fetched again.
pub(super) struct Refresher {
    resolver: Arc<ResolverState>,
    plan: Plan,
    /// The audited call that the secrets belong to, if there is an audit log.
    call: Option<Arc<AuditedCall>>,
}

impl Refresher {
    pub(super) fn new(
        resolver: Arc<ResolverState>,
        plan: Plan,
        call: Option<Arc<AuditedCall>>,
    ) -> Self {
        Self { resolver, plan, call }
    }

    pub(super) fn resolver(&self) -> &Arc<ResolverState> {
        &self.resolver
    }
}

/// A panic of a backend is caught where it is called.
impl UnwindSafe for Refresher {}
impl RefUnwindSafe for Refresher {}

impl Refresh for Refresher {
    fn refresh<'a>(&'a self, group: Option<&'a str>, freshness: Freshness) -> Refreshing<'a> {
        Box::pin(async move {
            let part = group.map(|group| self.plan.of_group(group));
            let part = part.as_ref().unwrap_or(&self.plan);
            if freshness == Freshness::FromNowOn {
                self.resolver.expire(part);
            }
            let resolution = self.resolver.resolve_plan(part, freshness, self.call.as_ref()).await;
            resolution.error.map_or(Ok(resolution.shared), Err)
        })
    }

    fn is_of_test(&self) -> bool {
        self.resolver.test.is_some()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn now(&self) -> Instant {
        self.resolver.cache.clock().now()
    }
}
