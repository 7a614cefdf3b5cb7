//! Fetching anew, whatever is kept.

use std::panic::{RefUnwindSafe, UnwindSafe};

use crate::{
    backend::BoxFuture,
    cache::lookup::Need,
    context::{
        resolved::{Asked, Refresh, Refreshing},
        secrets::Secrets,
    },
    core::error::Error,
    declaration::{Declaration, parse::parse_source},
    resolver::{Resolver, partial::PartialResolution, plan::Plan, test_secrets},
    rt::block_on::block_on,
};

impl Resolver {
    /// Fetches a source anew and gives its secrets; steps that start from now on and resolve with this resolver
    /// read the new values. Those of a program resolve with [`Resolver::current`]. It takes the same texts as an
    /// attribute and [`get_secret`](crate::get_secret). What is kept of the same secret in another role or version
    /// expires too.
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
    /// Whatever is wrong with the source or with reading it. What was kept is not given in its place; it may
    /// still serve steps as an expired value does.
    pub fn refresh<'a>(&'a self, source: &'a str) -> BoxFuture<'a, Result<Secrets, Error>> {
        Box::pin(async move {
            let mut declaration = Declaration::empty(None);
            declaration.sources.push(parse_source(source).map_err(Error::from_problems)?);
            if test_secrets().is_some() {
                return Ok(self.resolve(&declaration).await?.secrets);
            }
            let plan = Plan::of(&declaration, &self.0.registry, &self.0.settings);
            self.expire(&plan);
            let fetched = self.fetch(&declaration, Need::Anew).await;
            fetched.map(|(shared, _)| Secrets::new(shared)).map_err(PartialResolution::into_error)
        })
    }

    /// The same on this thread.
    ///
    /// # Errors
    /// As [`Resolver::refresh`].
    pub fn refresh_blocking(&self, source: &str) -> Result<Secrets, Error> {
        block_on(self.refresh(source))
    }

    /// Lets everything that is kept of the plan's secrets expire.
    fn expire(&self, plan: &Plan) {
        let Some(cache) = &self.0.cache else { return };
        for fetch in &plan.fetches {
            for link in fetch.links().iter().filter(|link| link.capabilities.is_cached()) {
                cache.expire(&*link.backend, &fetch.request_to(link));
            }
        }
    }
}

/// What a step's secrets were made of, to be made again.
pub(super) struct Refresher {
    resolver: Resolver,
    plan: Plan,
}

impl Refresher {
    pub(super) fn new(resolver: Resolver, plan: Plan) -> Self {
        Self { resolver, plan }
    }
}

/// A panic of a backend is caught where it is called.
impl UnwindSafe for Refresher {}
impl RefUnwindSafe for Refresher {}

impl Refresh for Refresher {
    fn refresher<'a>(&'a self, group: Option<&'a str>, asked: Asked) -> Refreshing<'a> {
        Box::pin(async move {
            let part = group.map(|group| self.plan.of_group(group));
            let part = part.as_ref().unwrap_or(&self.plan);
            let need = match asked {
                Asked::After(than) => Need::NewerThan(than),
                Asked::Now => {
                    self.resolver.expire(part);
                    Need::Anew
                }
            };
            let fetched = self.resolver.carry_out(part, need).await;
            fetched.map(|(shared, _)| shared).map_err(PartialResolution::into_error)
        })
    }
}
