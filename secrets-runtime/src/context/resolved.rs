use std::{
    collections::HashMap,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    sync::Arc,
    time::Instant,
};

use foldhash::fast::RandomState;

use crate::{
    context::{
        freshness::Freshness, group::Group, secret_files::RunDirSetting, test_secrets::TestSecrets,
    },
    core::{error::Error, warning::warn_now_and_then},
};

/// What all calls of a step have in common as long as nothing is fetched again: it never changes.
pub(crate) struct ResolvedSecrets {
    pub step: Option<Box<str>>,
    /// Nothing was declared: `var` reads the process's environment.
    pub bare: bool,
    pub allow_override: bool,
    pub groups: HashMap<Box<str>, Group, RandomState>,
    /// The groups in the order in which they were declared.
    pub order: Vec<Box<str>>,
    pub test_secrets: Option<Arc<TestSecrets>>,
    pub run_dir: RunDirSetting,
    /// Fetches again; `None` where a test gave everything.
    pub refresher: Option<Arc<dyn Refresh>>,
}

/// How secrets reach the resolver that fetched them, which is above them.
pub(crate) trait Refresh: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Fetches the secrets of one group, or all of them.
    fn refresh<'a>(&'a self, group: Option<&'a str>, freshness: Freshness) -> Refreshing<'a>;

    /// The time on the clock by which secrets are asked for.
    fn now(&self) -> Instant;
}

/// Secrets that are being fetched again.
pub(crate) type Refreshing<'a> =
    Pin<Box<dyn Future<Output = Result<ResolvedSecrets, Error>> + Send + 'a>>;

impl ResolvedSecrets {
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.order.iter().filter_map(|name| Some((&**name, self.groups.get(name)?)))
    }

    /// The secrets of a group, or all of them, after an authentication error with these: if one has another
    /// version by now.
    ///
    /// `None` if none has, if a test gave them, and if they cannot be fetched, which a warning tells.
    pub(crate) async fn newer(&self, group: Option<&str>) -> Option<Self> {
        let refresher = self.refresher.as_ref()?;
        let failed = refresher.now();
        let is_meant = |name: &str| group.is_none_or(|group| group == name);
        let known = self.in_order().filter(|(name, _)| is_meant(name));
        // What is kept and was asked for later is none of these.
        let mut than = last(known.map(|(_, group)| group), None)?;
        loop {
            let fresh = match refresher.refresh(group, Freshness::NewerThan(than)).await {
                Ok(fresh) => Self { refresher: self.refresher.clone(), ..fresh },
                Err(error) => {
                    // The error names the step.
                    warn_now_and_then(&format!(
                        "the secrets of a step that has failed cannot be fetched anew, so its own error stays: {error}"
                    ));
                    return None;
                }
            };
            let differs = |(name, group): (&str, &Group)| {
                self.groups.get(name).is_none_or(|known| group.differs_from(known))
            };
            if fresh.in_order().any(differs) {
                return Some(fresh);
            }
            // What others had fetched before this failed may be from before the change.
            than = last(fresh.groups.values(), Some(failed))?;
        }
    }

    /// The same with what another has of a group.
    pub(super) fn with_group(&self, name: &str, mut other: Self) -> Self {
        let mut groups = self.groups.clone();
        if let Some(group) = other.groups.remove(name) {
            groups.insert(Box::from(name), group);
        }
        Self {
            step: self.step.clone(),
            bare: self.bare,
            allow_override: self.allow_override,
            groups,
            order: self.order.clone(),
            test_secrets: self.test_secrets.clone(),
            run_dir: self.run_dir.clone(),
            refresher: self.refresher.clone(),
        }
    }
}

/// When the last of what is in these groups was asked for; of what was asked for before a time, if one is given.
fn last<'a>(groups: impl Iterator<Item = &'a Group>, before: Option<Instant>) -> Option<Instant> {
    let asked = groups.flat_map(Group::provenances).map(|provenance| provenance.asked_at);
    asked.filter(|asked_at| before.is_none_or(|before| *asked_at < before)).max()
}
