use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    backend::{Backend, Fetched},
    cache::{
        answer::Answer,
        lease_keeper::LeaseKeeper,
        state::{CacheState, Contents},
    },
    context::{
        held_lease::{HeldLease, LeaseHold},
        provenance::Expiry,
    },
    rt::background,
};

/// The leases of one cache that are not over, whether the cache has their values or steps alone do.
#[derive(Default)]
pub(super) struct Leases(HashMap<LeaseKey, Arc<HeldLease>>);

/// What a lease is known by. A resolver has each backend as long as it lives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct LeaseKey {
    backend: usize,
    id: String,
}

impl Leases {
    pub(super) fn all(&self) -> Vec<Arc<HeldLease>> {
        self.0.values().cloned().collect()
    }

    /// Forgets a lease that is over.
    pub(super) fn remove(&mut self, key: &LeaseKey, lease: &Arc<HeldLease>) {
        if self.0.get(key).is_some_and(|known| Arc::ptr_eq(known, lease)) {
            self.0.remove(key);
        }
    }
}

impl CacheState {
    /// Notes when the value of an answer ends, and has its lease renewed and revoked from now on. An answer that has
    /// neither costs nothing.
    pub(super) fn adopt(
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
        let key = LeaseKey {
            backend: Arc::as_ptr(backend).cast::<()>() as usize,
            id: lease.id().to_owned(),
        };
        // A server may answer two requests with one lease.
        let known = contents.leases.0.get(&key).and_then(HeldLease::hold);
        let hold = known.unwrap_or_else(|| {
            let (asked_at, fetched_at) = (provenance.asked_at, provenance.fetched_at);
            let hold = HeldLease::new(&provenance.id, lease.clone(), asked_at, fetched_at);
            contents.leases.0.insert(key.clone(), hold.lease().clone());
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

/// Returns until when a value may serve by what its backend has said; `None` if it has said nothing.
pub(super) fn value_end(fetched: &Fetched, asked_at: Instant) -> Option<Instant> {
    asked_at.checked_add(fetched.expiry()?)
}

/// Returns when to renew what ends after this time: at two thirds of it or a little earlier, so that what was fetched
/// together is not renewed together. `random` is a random number.
pub(super) fn two_thirds(time: Duration, random: u64) -> Duration {
    time.mul_f64((0.9 + 0.1 * (random >> 11) as f64 / (1_u64 << 53) as f64) * 2.0 / 3.0)
}

/// A system that has no random numbers has what was fetched together end together.
pub(super) fn random() -> u64 {
    getrandom::u64().unwrap_or_default()
}

/// The lease of an answer, while something holds it.
pub(super) fn lease_of(answer: &Answer) -> Option<&Arc<HeldLease>> {
    answer.lease.as_ref().map(LeaseHold::lease)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_is_due_at_six_to_six_and_two_thirds_tenths_of_the_time() {
        let time = Duration::from_secs(3000);
        assert_eq!(two_thirds(time, 0), Duration::from_secs(1800));
        let last = two_thirds(time, u64::MAX);
        assert!(last <= Duration::from_secs(2000), "{last:?}");
        assert!(last > Duration::from_millis(1_999_999), "{last:?}");
    }
}
