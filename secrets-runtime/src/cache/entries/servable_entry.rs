use std::{sync::Arc, time::Instant};

use crate::{
    cache::{answer::Answer, entries::Entry, entry_id::EntryId},
    context::{
        provenance::{Expiry, Provenance},
        shared_lease::LeaseHold,
    },
    core::origin::Origin,
};

/// A value that serves.
pub(in crate::cache) struct ServableEntry<'a> {
    pub(super) id: EntryId,
    pub(super) entry: &'a Entry,
    pub(super) serves_until: Instant,
    pub(super) origin: Origin,
    pub(super) lease: Option<LeaseHold>,
}

impl ServableEntry<'_> {
    /// Takes a handle to the lease, if the value has one; `None` if the lease is over.
    pub(in crate::cache) fn hold(self) -> Option<Self> {
        match &self.entry.lease {
            None => Some(self),
            Some(lease) => {
                let lease = lease.lease().hold()?;
                Some(Self { lease: Some(lease), ..self })
            }
        }
    }

    /// The answer to a request with this provenance.
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
            fresh_until: self.lease.is_none().then_some(self.serves_until),
            origin: self.origin,
            expiry,
            ..asked
        };
        let entry = self.lease.is_none().then_some(self.id);
        Answer { result: Ok(fetched), provenance, entry, lease: self.lease }
    }

    /// When it is dropped.
    pub(in crate::cache) fn end(&self) -> Instant {
        self.entry.end
    }
}
