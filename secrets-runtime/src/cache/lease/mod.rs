//! Leases: a value with a lease is renewed while it is needed, and its lease is revoked afterwards.

pub(super) mod call;
mod keeper;
mod start;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    backend::{Backend, Fetched},
    cache::answer::Answer,
    context::shared_lease::{LeaseHold, SharedLease},
};

/// The leases of one cache that are not over, also those whose values only steps hold.
#[derive(Default)]
pub(in crate::cache) struct Leases(HashMap<LeaseKey, Arc<SharedLease>>);

/// Identifies a lease. A resolver never replaces a backend, so the backend's address is part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::cache) struct LeaseKey {
    backend: usize,
    id: String,
}

impl LeaseKey {
    pub(in crate::cache) fn new(backend: &Arc<dyn Backend>, id: &str) -> Self {
        Self { backend: Arc::as_ptr(backend).cast::<()>() as usize, id: id.to_owned() }
    }
}

impl Leases {
    pub(in crate::cache) fn get(&self, key: &LeaseKey) -> Option<&Arc<SharedLease>> {
        self.0.get(key)
    }

    pub(in crate::cache) fn insert(&mut self, key: LeaseKey, lease: Arc<SharedLease>) {
        self.0.insert(key, lease);
    }

    /// Returns the leases of this process: those of its parent are not renewed here.
    pub(in crate::cache) fn all(&self) -> Vec<Arc<SharedLease>> {
        self.0.values().filter(|lease| !lease.is_of_parent()).cloned().collect()
    }

    /// Removes a lease that is over.
    pub(in crate::cache) fn remove(&mut self, key: &LeaseKey, lease: &Arc<SharedLease>) {
        if self.0.get(key).is_some_and(|known| Arc::ptr_eq(known, lease)) {
            self.0.remove(key);
        }
    }
}

/// Returns until when a value is valid according to its backend; `None` if the backend did not say.
pub(in crate::cache) fn value_end(fetched: &Fetched, asked_at: Instant) -> Option<Instant> {
    asked_at.checked_add(fetched.expiry()?)
}

/// Returns after how much of this time to renew a lease or a value: two thirds of it or a little less, so that values
/// fetched together are not renewed together. `random` is a random number.
pub(in crate::cache) fn two_thirds(time: Duration, random: u64) -> Duration {
    time.mul_f64((0.9 + 0.1 * (random >> 11) as f64 / (1_u64 << 53) as f64) * 2.0 / 3.0)
}

/// Returns 0 if the system has no random numbers; values fetched together then expire together.
pub(in crate::cache) fn random() -> u64 {
    getrandom::u64().unwrap_or_default()
}

/// Returns the lease of an answer, if it has one.
pub(in crate::cache) fn lease_of(answer: &Answer) -> Option<&Arc<SharedLease>> {
    answer.lease.as_ref().map(LeaseHold::lease)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::{backend::lease::Lease, backends::env::Env};

    #[test]
    fn a_renewal_is_due_at_six_to_six_and_two_thirds_tenths_of_the_time() {
        let time = Duration::from_secs(3000);
        assert_eq!(two_thirds(time, 0), Duration::from_secs(1800));
        let last = two_thirds(time, u64::MAX);
        assert!(last <= Duration::from_secs(2000), "{last:?}");
        assert!(last > Duration::from_millis(1_999_999), "{last:?}");
    }

    #[test]
    fn a_child_of_fork_has_no_lease_of_its_parent() {
        let backend: Arc<dyn Backend> = Arc::new(Env::default());
        let mut leases = Leases::default();
        let hold = |id: &str| {
            let lease = Lease::new(id, Duration::from_secs(3600));
            LeaseHold::new("db", lease, Instant::now(), SystemTime::now())
        };
        let parent = std::process::id() + 1;
        let holds = [hold("own"), hold("of the parent").of_process(parent)];
        for hold in &holds {
            let lease = hold.lease().clone();
            leases.insert(LeaseKey::new(&backend, lease.lease().id()), lease);
        }
        let all: Vec<_> = leases.all().iter().map(|it| it.lease().id().to_owned()).collect();
        assert_eq!(all, ["own"]);
    }
}
