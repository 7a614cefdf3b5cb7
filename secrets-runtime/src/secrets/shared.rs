use std::{
    collections::HashMap,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    sync::Arc,
    time::Instant,
};

use foldhash::fast::RandomState;

use crate::{
    Error,
    files::RunDir,
    group::{Edition, Group},
    overrides::Overrides,
};

/// What all calls of a step have in common as long as nothing is fetched anew: it never changes.
pub(crate) struct Shared {
    pub step: Option<Box<str>>,
    /// Nothing was declared: `var` reads the process's environment.
    pub bare: bool,
    pub allow_override: bool,
    pub groups: HashMap<Box<str>, Group, RandomState>,
    /// The groups in the order in which they were declared.
    pub order: Vec<Box<str>>,
    pub overrides: Option<Arc<Overrides>>,
    pub run_dir: RunDir,
    /// Fetches anew; `None` where a test gave everything.
    pub renew: Option<Arc<dyn Renew>>,
}

/// How secrets reach the resolver that fetched them, which is above them.
pub(crate) trait Renew: Send + Sync + UnwindSafe + RefUnwindSafe {
    /// The secrets of one group.
    fn renew<'a>(&'a self, group: &'a str, asked: Asked) -> Renewing<'a>;
}

/// Secrets that are being fetched anew.
pub(crate) type Renewing<'a> = Pin<Box<dyn Future<Output = Result<Shared, Error>> + Send + 'a>>;

/// Which values are new.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    /// Those asked for from now on.
    Now,
    /// Those asked for after this, by whomever.
    After(Instant),
}

impl Shared {
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.order.iter().filter_map(|name| Some((&**name, self.groups.get(name)?)))
    }

    /// When the last of them was asked for: what is kept and was asked for later is none of these.
    pub(crate) fn asked(&self) -> Option<Instant> {
        self.groups.values().flat_map(Group::editions).map(|edition| edition.asked).max()
    }

    /// When the last of those that were asked for before a time was.
    pub(crate) fn asked_before(&self, time: Instant) -> Option<Instant> {
        self.groups.values().filter_map(|group| group.asked_before(time)).max()
    }

    /// Whether another fetch of the same secrets gave another version of any.
    pub(crate) fn differs_from(&self, other: &Self) -> bool {
        let differs = |(name, group): (&str, &Group)| {
            other.groups.get(name).is_none_or(|other| group.differs_from(other))
        };
        self.groups.len() != other.groups.len() || self.in_order().any(differs)
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
            overrides: self.overrides.clone(),
            run_dir: self.run_dir.clone(),
            renew: self.renew.clone(),
        }
    }
}

impl Group {
    /// When the last edition in it was asked for.
    pub(super) fn asked(&self) -> Option<Instant> {
        self.editions().map(|Edition { asked, .. }| *asked).max()
    }

    /// When the last of those that were asked for before a time was.
    pub(super) fn asked_before(&self, time: Instant) -> Option<Instant> {
        self.editions().map(|Edition { asked, .. }| *asked).filter(|asked| *asked < time).max()
    }
}
