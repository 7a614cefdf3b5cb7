//! Answers, by the fetch that they belong to.

use std::{sync::Arc, time::Instant};

use crate::{
    backend::{Fetched, identity::Identity, owned_request::OwnedRequest},
    cache::fetch_map::{FetchId, FetchMap},
    context::{provenance::Provenance, shared_lease::LeaseHold},
    core::error::{Error, ErrorKind},
};

/// The requests of a step to one backend.
pub(crate) type Requests = Vec<(FetchId, IdentifiedRequest)>;

/// A request, and how its backend identifies it.
#[derive(Debug, Clone)]
pub(crate) struct IdentifiedRequest {
    pub request: Arc<OwnedRequest>,
    pub identity: Arc<Identity>,
}

/// Identifies one generation of an entry: a new fetch of the secret, and a refresh, change the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntryId(u64);

impl EntryId {
    pub(super) fn new(number: u64) -> Self {
        Self(number)
    }
}

/// The answer of a backend, now or earlier, and its provenance.
#[derive(Debug, Clone)]
pub(crate) struct Answer<A = Fetched> {
    pub result: Result<A, Error>,
    pub provenance: Provenance,
    /// The entry that the answer is cached in, if it is.
    pub entry: Option<EntryId>,
    /// Holds the lease of the value.
    pub lease: Option<LeaseHold>,
}

impl<A> Answer<A> {
    /// Creates an answer that is not cached.
    pub(crate) fn new(result: Result<A, Error>, provenance: Provenance) -> Self {
        Self { result, provenance, entry: None, lease: None }
    }

    /// Returns the fetched value.
    ///
    /// # Errors
    /// The error that the backend returned.
    pub(crate) fn found(&self) -> Result<&A, Error> {
        self.result.as_ref().map_err(Clone::clone)
    }

    /// Makes later steps ask the cache again instead of using a result that is derived from this answer.
    pub(crate) fn for_one_step(mut self) -> Self {
        self.entry = None;
        self.provenance.fresh_until = None;
        self
    }
}

impl Answer {
    /// Creates the answer of a backend to a request for a value.
    pub(crate) fn of_backend(result: Result<Fetched, Error>, mut provenance: Provenance) -> Self {
        provenance.version = result.as_ref().ok().and_then(Fetched::version).map(Arc::from);
        Self::new(result, provenance)
    }

    /// Turns this into the answer to another request for its secret.
    pub(super) fn asked_as(self, asked: Provenance) -> Self {
        let Provenance { backend, id, role, .. } = asked;
        Self { provenance: Provenance { backend, id, role, ..self.provenance }, ..self }
    }
}

/// The answers to the fetches of a plan.
pub(crate) type Answers<A = Fetched> = FetchMap<Answer<A>>;

impl Answers {
    /// Returns the entries of these answers; `None` if the result of a step must not be derived from them, since an
    /// answer is not cached.
    pub(crate) fn reuse(&self) -> Option<Reuse> {
        let entries = self.values().map(|answer| answer.entry).collect::<Option<_>>()?;
        let until = self.values().map(|answer| answer.provenance.fresh_until).min()??;
        Some(Reuse { entries, until })
    }
}

/// The entries that a result is derived from, and when the first of them expires.
#[derive(Debug, Clone)]
pub(crate) struct Reuse {
    pub entries: Vec<EntryId>,
    pub until: Instant,
}

/// Returns the error of a request whose answer the backend left out.
pub(crate) fn no_answer() -> Error {
    Error::new(ErrorKind::Unavailable, "the backend returned no answer")
}
