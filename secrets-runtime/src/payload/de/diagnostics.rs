use std::{collections::BTreeMap, mem};

use crate::{
    core::error::Problem,
    payload::de::{
        abort::{Abort, Incomplete},
        path::Path,
        placeholder::Supply,
        reading::Reading,
    },
};

/// What the runs have found so far, and what the next run does differently.
///
/// Each run after the first follows from an event that happens once: a field at the top is rejected (and left
/// out from then on), a field is missing, a value can be read in another way, placeholders are switched on,
/// or a placeholder is refused. Only one field can be both rejected and missing, through an alias whose
/// placeholder is then refused too. So there are at most four more runs than there are fields and such
/// values.
#[derive(Default)]
pub(super) struct Diagnostics {
    is_plain: bool,
    problems: Vec<Problem>,
    /// The fields that are left out. `true` if their values are the reason, `false` if their names are.
    rejected: BTreeMap<String, bool>,
    missing: Vec<&'static str>,
    /// The last of the missing fields, if it may be one that was left out under an alias, and the index of
    /// its problem.
    doubtful: Option<(&'static str, usize)>,
    /// Whether a field was missing in a run.
    has_incomplete_run: bool,
    /// The fields that get placeholders, in order.
    placeholders: Vec<String>,
    has_refused_placeholder: bool,
    /// How to read values, by the keys of their paths and of their lists.
    readings: BTreeMap<String, Reading>,
    pub(super) supply: Supply,
}

impl Diagnostics {
    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Creates the diagnostics of a secret that is one plain value.
    pub(super) fn of_plain() -> Self {
        Self { is_plain: true, ..Self::default() }
    }

    /// Returns whether the secret is one plain value.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Returns whether the field at the top is to be left out.
    pub(super) fn is_rejected(&self, name: &str) -> bool {
        self.rejected.contains_key(name)
    }

    /// Returns the fields at the top that get placeholders.
    pub(super) fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.placeholders.iter().map(String::as_str)
    }

    /// Returns how to read the value at this path, if this is how its container is read.
    pub(super) fn reading(&self, path: &Path<'_>, container: Reading) -> Reading {
        // While everything fits, no path is written out.
        if self.readings.is_empty() {
            return container;
        }
        let reading = |key: String| self.readings.get(&key).copied();
        reading(path.key()).or_else(|| reading(path.pattern())).unwrap_or(container)
    }

    /// Returns whether the value at this path is already read in the other way.
    pub(super) fn is_retried(&self, path: &Path<'_>) -> bool {
        !self.readings.is_empty() && self.readings.contains_key(&path.key())
    }

    /// Takes the reason why a run stopped, and returns whether another run may find more.
    pub(super) fn recover(&mut self, abort: Abort) -> bool {
        self.supply = Supply::default();
        match abort {
            Abort::Retry { key, pattern, reading } => self.retry_as(key, pattern, reading),
            Abort::Rejected { name, problem, by_value } => {
                self.problems.push(*problem);
                self.rejected.insert(name, by_value).is_none()
            }
            Abort::Incomplete(incomplete) => self.missing_field(incomplete),
            Abort::RefusedPlaceholder(name) => self.drop_placeholder(&name),
            // It may be caused by a field that was left out.
            Abort::Problem(_) if !self.is_clean() => false,
            Abort::Problem(problem) => {
                self.problems.push(*problem);
                false
            }
            _ => false,
        }
    }

    /// Makes the next run read a value in another way.
    fn retry_as(&mut self, key: String, pattern: String, reading: Reading) -> bool {
        let is_new = self.readings.insert(key, reading).is_none();
        // What one item of a list needs, most of its items need.
        self.readings.entry(pattern).or_insert(reading);
        is_new
    }

    /// Records the missing field. From now on there are placeholders, since serde reports only the first
    /// missing field.
    fn missing_field(&mut self, incomplete: Incomplete) -> bool {
        let is_first = !mem::replace(&mut self.has_incomplete_run, true);
        let by_value = self.rejected.iter().filter(|(_, by_value)| **by_value);
        let mut left_out = by_value.map(|(name, _)| name);
        if is_first && left_out.clone().next().is_some() {
            // This field may be one that was left out. That is not known until that one has a placeholder.
            self.placeholders = left_out.cloned().collect();
            self.sort_placeholders(&incomplete);
            return incomplete.may_lack_others(|name| self.is_rejected(name));
        }
        if self.missing.contains(&incomplete.name) || self.rejected.contains_key(incomplete.name) {
            return false;
        }
        let may_be = |name: &String| !incomplete.read.contains(name) && incomplete.may_be(name);
        self.doubtful = left_out.any(may_be).then_some((incomplete.name, self.problems.len()));
        self.missing.push(incomplete.name);
        self.placeholders.push(incomplete.name.to_owned());
        self.sort_placeholders(&incomplete);
        self.problems.push(*incomplete.problem);
        true
    }

    fn sort_placeholders(&mut self, incomplete: &Incomplete) {
        self.placeholders.sort_by_key(|name| incomplete.position(name).unwrap_or(usize::MAX));
    }

    /// Leaves out a field whose type refuses the placeholder, and the fields after it: while it is missing,
    /// serde does not reach them. A second refusal can only be that of the first missing field, and there is
    /// nothing before it.
    fn drop_placeholder(&mut self, name: &str) -> bool {
        // The field that was left out refused its placeholder too, so both may be the same field.
        if let Some((_, problem)) = self.doubtful.take_if(|(doubtful, _)| *doubtful == name) {
            self.problems.remove(problem);
        }
        let position = self.placeholders.iter().position(|placeholder| placeholder == name);
        self.placeholders.truncate(position.unwrap_or_default());
        !mem::replace(&mut self.has_refused_placeholder, true)
    }
}

impl Incomplete {
    fn position(&self, name: &str) -> Option<usize> {
        self.declared.iter().position(|declared| *declared == name)
    }

    /// Returns whether the type may need more fields than those that were read or rejected.
    fn may_lack_others(&self, is_rejected: impl Fn(&str) -> bool) -> bool {
        let is_there = |name: &str| self.read.iter().any(|read| read == name) || is_rejected(name);
        self.declared.is_empty() || self.declared.iter().any(|name| !is_there(name))
    }

    /// Returns whether the missing field may have been left out under this name, which may be an alias.
    fn may_be(&self, name: &str) -> bool {
        if self.declared.is_empty() {
            return true;
        }
        let (Some(own), Some(other)) = (self.position(self.name), self.position(name)) else {
            return false;
        };
        // The aliases of a field are side by side. A field between them that was read is another field.
        let mut between = self.declared[own.min(other)..own.max(other)].iter();
        !between.any(|between| self.read.iter().any(|read| read == between))
    }
}
