use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use crate::{
    backend::{Backend, Fetched},
    cache::{
        answer::Answer,
        backend_call::CallOutcome,
        derived::DeferredDrops,
        entries::{FetchedValue, Lifetime},
        key::Key,
        lease::{lease_of, random, two_thirds, value_end},
        pending::{CallAnswers, Completion},
        state::{CacheState, Contents},
    },
    context::{provenance::Provenance, shared_lease::SharedLease},
};

/// Stores the answers of a finished call in the cache, and removes the call from the pending ones.
pub(super) struct CallCompletion {
    cache: Weak<CacheState>,
    number: u64,
    keys: Vec<Key>,
    asked_at: Instant,
    backend: Arc<dyn Backend>,
    /// How long calls of the backend may take.
    timeout: Duration,
}

impl CallCompletion {
    pub(super) fn new(
        cache: &Arc<CacheState>,
        backend: &Arc<dyn Backend>,
        number: u64,
        keys: Vec<Key>,
        asked_at: Instant,
        timeout: Duration,
    ) -> Self {
        let (cache, backend) = (Arc::downgrade(cache), backend.clone());
        Self { cache, number, keys, asked_at, backend, timeout }
    }

    /// Stores the answers that may be cached, and completes the call.
    pub(super) fn complete(self, outcome: CallOutcome<(Key, Provenance), Fetched>) -> Completion {
        let CallOutcome { answers, is_order_trusted } = outcome;
        let answers = answers
            .into_iter()
            .map(|((key, asked), result)| (key, Answer::of_backend(result, asked)));
        let mut answers: HashMap<Key, Answer> = answers.collect();
        if let Some(cache) = self.cache.upgrade() {
            cache.change(|contents, dropped| {
                for answer in answers.values_mut() {
                    cache.manage_lease(contents, &self.backend, answer, self.timeout);
                }
                if is_order_trusted {
                    for (key, answer) in &mut answers {
                        self.keep(&cache, contents, key, answer, dropped);
                    }
                }
                contents.pending.end(self.number, &self.keys);
            });
        }
        Arc::new(CallAnswers { answers, is_order_trusted })
    }

    fn keep(
        &self,
        cache: &CacheState,
        contents: &mut Contents,
        key: &Key,
        answer: &mut Answer,
        dropped: &mut DeferredDrops,
    ) {
        if !contents.pending.is_current(key, self.number) {
            return;
        }
        let fetched = match &answer.result {
            Ok(fetched) => fetched.clone(),
            Err(error) => {
                if error.is_refusal() {
                    contents.entries.refused(key, self.asked_at, dropped);
                }
                return;
            }
        };
        let lifetime = match lease_of(answer) {
            Some(lease) => Lifetime::of_lease(lease, &fetched, self.asked_at),
            None => self.lifetime(cache, &fetched),
        };
        // A value that ends at once is shared by the steps that wait for it; an older one is not used any more.
        if lifetime.end <= self.asked_at {
            contents.entries.refused(key, self.asked_at, dropped);
            return;
        }
        let value = FetchedValue {
            fetched,
            asked_at: self.asked_at,
            fetched_at: answer.provenance.fetched_at,
            lifetime,
            lease: lease_of(answer).map(SharedLease::cached),
        };
        let kept = contents.entries.insert(key, value, dropped);
        // A value with a lease is looked up at each call, since that shows whether steps use it.
        if answer.lease.is_none() {
            answer.entry = kept;
            answer.provenance.fresh_until = kept.map(|_| lifetime.fresh_until);
        }
    }

    /// Returns how long a value without a lease can be used.
    fn lifetime(&self, cache: &CacheState, fetched: &Fetched) -> Lifetime {
        let fresh_until = self.asked_at + shortened(cache.ttl, random());
        let lifetime = Lifetime { fresh_until, end: fresh_until + cache.stale };
        match (fetched.expiry(), value_end(fetched, self.asked_at)) {
            (Some(expiry), Some(end)) => Lifetime {
                fresh_until: fresh_until.min(self.asked_at + two_thirds(expiry, random())),
                end: lifetime.end.min(end),
            },
            _ => lifetime,
        }
    }
}

impl Drop for CallCompletion {
    /// Removes the call from the pending ones when nobody waits for it.
    fn drop(&mut self) {
        if let Some(cache) = self.cache.upgrade() {
            cache.lock().pending.end(self.number, &self.keys);
        }
    }
}

/// Returns 90 to 100 % of a time, so that values fetched together do not expire together.
fn shortened(time: Duration, random: u64) -> Duration {
    time.mul_f64(0.9 + 0.1 * (random >> 11) as f64 / (1_u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_nine_to_ten_tenths_of_the_time() {
        let time = Duration::from_secs(1000);
        assert_eq!(shortened(time, 0), Duration::from_secs(900));
        let longest = shortened(time, u64::MAX);
        assert!(longest <= time && longest > Duration::from_millis(999_999), "{longest:?}");
        let middle = shortened(time, u64::MAX / 2);
        assert!(middle.abs_diff(Duration::from_secs(950)) < Duration::from_millis(1), "{middle:?}");
    }
}
