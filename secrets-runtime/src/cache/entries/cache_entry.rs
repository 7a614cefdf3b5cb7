use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Instant, SystemTime},
};

use crate::{
    backend::{Fetched, generation::Write},
    cache::{
        answer::{Answer, EntryId},
        backend_call::NamedAnswer,
        derived::SlotId,
        key::Key,
    },
    context::{
        provenance::{Expiry, Provenance},
        shared_lease::{CachedLease, LeaseHold, SharedLease},
    },
    core::origin::Origin,
};

/// A stored value.
pub(super) struct CacheEntry {
    pub(super) keys: Vec<Key>,
    pub(super) fetched: Fetched,
    pub(super) asked_at: Instant,
    pub(super) fetched_at: SystemTime,
    pub(super) fresh_until: Instant,
    /// When the entry is dropped. Until then its value is usable if its backend fails.
    pub(super) end: Instant,
    /// Until this time the backend, which has failed, is not asked again.
    pub(super) paused_until: Option<Instant>,
    /// The slots of the steps with a result that is derived from this entry.
    pub(super) slots: BTreeSet<SlotId>,
    pub(super) lease: Option<CachedLease>,
}

/// An entry whose value may be used now.
pub(in crate::cache) struct UsableEntry<'a> {
    id: EntryId,
    entry: &'a CacheEntry,
    usable_until: Instant,
    origin: Origin,
    lease: Option<LeaseHold>,
}

impl UsableEntry<'_> {
    /// Takes a hold of the lease, if the value has one; `None` if the lease is over.
    pub(in crate::cache) fn hold(self) -> Option<Self> {
        match &self.entry.lease {
            None => Some(self),
            Some(lease) => {
                let lease = lease.lease().hold()?;
                Some(Self { lease: Some(lease), ..self })
            }
        }
    }

    /// Returns the answer to a request with this provenance.
    pub(in crate::cache) fn answer(self, asked: Provenance) -> Answer {
        let fetched = self.entry.fetched.clone();
        let expiry = match (fetched.expiry(), &self.lease) {
            (Some(expiry), _) => self.entry.fetched_at.checked_add(expiry).map(Expiry::At),
            (None, Some(lease)) => Some(Expiry::Lease(lease.lease().clone())),
            (None, None) => None,
        };
        let provenance = Provenance {
            version: fetched.version().map(Arc::from),
            asked_at: self.entry.asked_at,
            fetched_at: self.entry.fetched_at,
            fresh_until: self.lease.is_none().then_some(self.usable_until),
            origin: self.origin,
            expiry,
            ..asked
        };
        let entry = self.lease.is_none().then_some(self.id);
        Answer { result: Ok(fetched), provenance, entry, lease: self.lease }
    }

    /// When the entry is dropped.
    pub(in crate::cache) fn end(&self) -> Instant {
        self.entry.end
    }
}

impl CacheEntry {
    /// Until when the value can be used without asking the backend; `None` if it must be fetched again.
    pub(super) fn usable_until(&self, now: Instant) -> Option<Instant> {
        let until = self.paused_until.unwrap_or(self.fresh_until).max(self.fresh_until);
        (now < until.min(self.end)).then_some(until.min(self.end))
    }

    pub(super) fn find(&self, id: EntryId, now: Instant) -> Option<UsableEntry<'_>> {
        let usable_until = self.usable_until(now)?;
        let origin = if now < self.fresh_until { Origin::Cache } else { Origin::Stale };
        Some(UsableEntry { id, entry: self, usable_until, origin, lease: None })
    }

    pub(super) fn has_lease(&self, lease: &Arc<SharedLease>) -> bool {
        self.lease.as_ref().is_some_and(|known| Arc::ptr_eq(known.lease(), lease))
    }

    /// Whether this is an entry of the secret that was written, under any of its names.
    pub(super) fn is_of(&self, write: &Write) -> bool {
        let names = self.keys.iter().map(Key::secret).chain(self.fetched.names());
        let mut ids = names.chain(self.fetched.write_ids.iter().map(String::as_str));
        self.keys.iter().any(|key| *key.kind == *write.kind) && ids.any(|id| id == write.id)
    }
}
