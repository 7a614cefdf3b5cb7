//! Answers, each with the fetch that it is the answer to.

use std::{collections::BTreeMap, ops::Index, time::Instant};

use crate::{
    backend::{Fetched, owned_request::OwnedRequest},
    cache::entries::EntryId,
    context::provenance::Provenance,
    core::error::Error,
};

/// Identifies one fetch of a plan. Its answer is found by it, all the way from the plan to the secrets of a step:
/// an answer that is missing moves no other one into its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FetchId(usize);

impl FetchId {
    /// Returns the id of the fetch that is added after this one.
    pub(crate) fn after(last: Option<Self>) -> Self {
        Self(last.map_or(0, |last| last.0 + 1))
    }
}

/// The requests of a step to one backend.
pub(crate) type Requests = Vec<(FetchId, OwnedRequest)>;

/// What a backend has answered, now or before, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Answer<A = Fetched> {
    pub result: Result<A, Error>,
    pub provenance: Provenance,
    /// The entry of the cache that it is, if it is kept.
    pub entry: Option<EntryId>,
}

impl<A> Answer<A> {
    /// Creates an answer that no later step may use.
    pub(crate) fn new(result: Result<A, Error>, provenance: Provenance) -> Self {
        Self { result, provenance, entry: None }
    }

    /// Keeps later steps from using it without looking again.
    pub(crate) fn for_one_step(mut self) -> Self {
        self.entry = None;
        self.provenance.fresh_until = None;
        self
    }
}

impl Answer {
    /// Creates the answer of a backend that was asked for a value.
    pub(crate) fn of_backend(result: Result<Fetched, Error>, mut provenance: Provenance) -> Self {
        provenance.version = result.as_ref().ok().and_then(Fetched::version).map(str::to_owned);
        Self::new(result, provenance)
    }

    /// Turns the answer into that to another request for its secret.
    pub(super) fn asked_as(self, asked: Provenance) -> Self {
        let Provenance { backend, id, role, .. } = asked;
        Self { provenance: Provenance { backend, id, role, ..self.provenance }, ..self }
    }
}

/// The answers to the fetches of a plan.
#[derive(Debug)]
pub(crate) struct Answers<A = Fetched>(BTreeMap<FetchId, Answer<A>>);

impl<A> Answers<A> {
    pub(crate) fn insert(&mut self, id: FetchId, answer: Answer<A>) {
        self.0.insert(id, answer);
    }

    pub(crate) fn remove(&mut self, id: FetchId) -> Option<Answer<A>> {
        self.0.remove(&id)
    }

    /// What lets later calls use what is made of these answers; `None` if they have to look again.
    pub(crate) fn reuse(&self) -> Option<Reuse> {
        let entries = self.0.values().map(|answer| answer.entry).collect::<Option<_>>()?;
        let until = self.0.values().map(|answer| answer.provenance.fresh_until).min()??;
        Some(Reuse { entries, until })
    }
}

impl<A> Default for Answers<A> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<A> Index<FetchId> for Answers<A> {
    type Output = Answer<A>;

    fn index(&self, id: FetchId) -> &Answer<A> {
        &self.0[&id]
    }
}

impl<A> FromIterator<(FetchId, Answer<A>)> for Answers<A> {
    fn from_iter<I: IntoIterator<Item = (FetchId, Answer<A>)>>(answers: I) -> Self {
        Self(answers.into_iter().collect())
    }
}

impl<A> Extend<(FetchId, Answer<A>)> for Answers<A> {
    fn extend<I: IntoIterator<Item = (FetchId, Answer<A>)>>(&mut self, answers: I) {
        self.0.extend(answers);
    }
}

impl<A> IntoIterator for Answers<A> {
    type Item = (FetchId, Answer<A>);
    type IntoIter = std::collections::btree_map::IntoIter<FetchId, Answer<A>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The entries that something was made of, and until when the first of them is fresh.
#[derive(Debug, Clone)]
pub(crate) struct Reuse {
    pub entries: Vec<EntryId>,
    pub until: Instant,
}
