//! Starts to manage the lease of an answer.

use std::{sync::Arc, time::Duration};

use crate::{
    backend::{Backend, Fetched},
    cache::{
        answer::Answer,
        lease::{LeaseKey, keeper::LeaseKeeper},
        state::{CacheState, Contents},
    },
    context::{
        provenance::Expiry,
        shared_lease::{LeaseHold, SharedLease},
    },
    rt::background,
};

impl CacheState {
    /// Sets when the value of an answer ends, and starts the task that renews and revokes its lease. Does nothing if
    /// the answer has neither.
    pub(in crate::cache) fn manage_lease(
        self: &Arc<Self>,
        contents: &mut Contents,
        backend: &Arc<dyn Backend>,
        answer: &mut Answer,
        timeout: Duration,
    ) {
        let Ok(Fetched { expiry, lease, .. }) = &answer.result else { return };
        let provenance = &mut answer.provenance;
        if let Some(expiry) = expiry {
            provenance.expiry = provenance.fetched_at.checked_add(*expiry).map(Expiry::At);
        }
        let Some(lease) = lease else { return };
        let key = LeaseKey::new(backend, lease.id());
        // A server may answer two requests with one lease.
        let known = contents.leases.get(&key).and_then(SharedLease::hold);
        let hold = known.unwrap_or_else(|| {
            let (asked_at, fetched_at) = (provenance.asked_at, provenance.fetched_at);
            let hold = LeaseHold::new(&provenance.id, lease.clone(), asked_at, fetched_at);
            contents.leases.insert(key.clone(), hold.lease().clone());
            let keeper = LeaseKeeper {
                lease: hold.lease().clone(),
                key,
                backend: backend.clone(),
                cache: Arc::downgrade(self),
                clock: self.clock.clone(),
                timeout,
            };
            background::spawn(keeper.keep(asked_at));
            hold
        });
        if expiry.is_none() {
            provenance.expiry = Some(Expiry::Lease(hold.lease().clone()));
        }
        answer.lease = Some(hold);
    }
}
