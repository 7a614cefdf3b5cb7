use std::{
    any::Any,
    collections::HashMap,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    sync::Arc,
    time::Instant,
};

use foldhash::fast::RandomState;
#[cfg(feature = "guard")]
use {crate::context::guarded_fields::GuardedFields, secrets_spec::GuardMode, std::sync::OnceLock};

use crate::{
    audit::call::AuditedCall,
    context::{freshness::Freshness, group::Group, secret_files::RunDirSetting},
    core::{error::Error, warning::warn_now_and_then},
};

/// The secrets that all calls of a step share until one is fetched again. They never change.
pub(crate) struct ResolvedSecrets {
    pub step: Option<Box<str>>,
    /// Whether the step declares nothing: `var` then reads the process's environment.
    pub bare: bool,
    pub allow_override: bool,
    pub groups: HashMap<Arc<str>, Group, RandomState>,
    /// The groups in the order in which they were declared.
    pub order: Vec<Arc<str>>,
    pub run_dir: RunDirSetting,
    /// The audit log's record of the call, if there is a log. Calls do not share secrets then.
    pub audit: Option<Arc<AuditedCall>>,
    /// The resolver, to fetch again. `None` until the secrets are published.
    pub refresher: Option<Arc<dyn Refresh>>,
    /// What the guard does if the step's result contains one of the secrets.
    #[cfg(feature = "guard")]
    pub guard: GuardChoice,
    /// The fields for which the guard searches the step's result. Set by its first search.
    #[cfg(feature = "guard")]
    pub guarded: OnceLock<Arc<GuardedFields>>,
}

/// What the guard does if a step's result contains one of its secrets, and where that is set.
#[cfg(feature = "guard")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct GuardChoice {
    pub mode: GuardMode,
    /// Whether the step sets it itself, and not the settings.
    pub is_of_step: bool,
}

/// The resolver that fetched the secrets, which is a layer above.
pub(crate) trait Refresh: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Fetches the secrets of one group, or of all groups.
    fn refresh<'a>(&'a self, group: Option<&'a str>, freshness: Freshness) -> Refreshing<'a>;

    /// Returns whether a test supplies the secrets.
    fn is_of_test(&self) -> bool;

    /// Returns the resolver's own type of this handle.
    fn as_any(&self) -> &dyn Any;

    /// Returns the time on the clock of the cache.
    fn now(&self) -> Instant;
}

/// Secrets that are being fetched again.
pub(crate) type Refreshing<'a> =
    Pin<Box<dyn Future<Output = Result<ResolvedSecrets, Error>> + Send + 'a>>;

impl ResolvedSecrets {
    /// Returns a group by its name. If only the settings know the type of a source, as with `op.vault/item`, the name
    /// may leave out the type.
    #[inline]
    pub(crate) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name).or_else(|| self.groups.get(self.full_name(name)?))
    }

    /// Returns the full name of a group.
    pub(super) fn name_of<'a>(&'a self, name: &'a str) -> &'a str {
        if self.groups.contains_key(name) { name } else { self.full_name(name).unwrap_or(name) }
    }

    /// Returns the full name of a group that is named without its type. If there are two, neither is meant.
    #[cold]
    fn full_name(&self, short: &str) -> Option<&str> {
        let is_it = |(_, group): &(&str, &Group)| {
            let source = group.source.as_ref();
            source.and_then(|source| source.short_group.as_deref()) == Some(short)
        };
        let mut found = self.in_order().filter(is_it);
        found.next().filter(|_| found.next().is_none()).map(|(name, _)| name)
    }

    pub(crate) fn in_order(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.order.iter().filter_map(|name| Some((&**name, self.groups.get(name)?)))
    }

    /// Fetches a group, or all of them, again after an authentication error. Returns the result if one of them has
    /// another version now.
    ///
    /// Returns `None` if no group has another version, and if the fetch fails, which is reported as a warning.
    pub(crate) async fn newer(&self, group: Option<&str>) -> Option<Self> {
        self.newer_or_error(group).await.ok().flatten()
    }

    /// Like [`newer`](Self::newer), but returns the error.
    ///
    /// # Errors
    /// The error of the fetch, which is reported as a warning too.
    pub(crate) async fn newer_or_error(&self, group: Option<&str>) -> Result<Option<Self>, Error> {
        let Some(refresher) = &self.refresher else { return Ok(None) };
        let failed = refresher.now();
        let is_meant = |name: &str| group.is_none_or(|group| group == name);
        let known = self.in_order().filter(|(name, _)| is_meant(name));
        // A cached value that was fetched later is newer than all of these.
        let mut newest = last(known.map(|(_, group)| group), None);
        while let Some(than) = newest {
            let fresh = match refresher.refresh(group, Freshness::NewerThan(than)).await {
                Ok(fresh) => Self {
                    refresher: self.refresher.clone(),
                    #[cfg(feature = "guard")]
                    guard: self.guard,
                    ..fresh
                },
                Err(error) => {
                    // The error names the step.
                    warn_now_and_then(&format!(
                        "the secrets of a step that has failed cannot be fetched again, so its own error stays: {error}"
                    ));
                    return Err(error);
                }
            };
            let differs = |(name, group): (&str, &Group)| {
                self.groups.get(name).is_none_or(|known| group.differs_from(known))
            };
            if fresh.in_order().any(differs) {
                return Ok(Some(fresh));
            }
            // A value that was fetched before this failure may be older than the change.
            newest = last(fresh.groups.values(), Some(failed));
        }
        Ok(None)
    }

    /// Returns these secrets with one group of the others.
    pub(super) fn with_group(&self, name: &str, mut other: Self) -> Self {
        let mut groups = self.groups.clone();
        if let Some(group) = other.groups.remove(name) {
            groups.insert(Arc::from(name), group);
        }
        Self {
            step: self.step.clone(),
            bare: self.bare,
            allow_override: self.allow_override,
            groups,
            order: self.order.clone(),
            run_dir: self.run_dir.clone(),
            audit: self.audit.clone(),
            refresher: self.refresher.clone(),
            #[cfg(feature = "guard")]
            guard: self.guard,
            #[cfg(feature = "guard")]
            guarded: OnceLock::new(),
        }
    }
}

/// Returns when the last of the values in these groups was fetched, or the last one before the given time.
fn last<'a>(groups: impl Iterator<Item = &'a Group>, before: Option<Instant>) -> Option<Instant> {
    let asked = groups.flat_map(Group::provenances).map(|provenance| provenance.asked_at);
    asked.filter(|asked_at| before.is_none_or(|before| *asked_at < before)).max()
}
