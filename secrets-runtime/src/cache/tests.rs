use std::{
    sync::{
        Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use super::*;
use crate::{
    backend::{
        Fetched, fetch_request::FetchRequest, generation::WriteGuard, identity::Identity,
        owned_request::OwnedRequest,
    },
    backends::env::Env,
    cache::{
        answer::Reuse,
        derived::SlotId,
        entries::{FetchedValue, Lifetime},
    },
    rt::clock::ManualClock,
};

const TTL: Duration = Duration::from_secs(100);

/// Counts how often it is dropped while the cache is locked, and while it is not.
struct Probe {
    cache: Weak<CacheState>,
    drops: Arc<Drops>,
}

#[derive(Default)]
struct Drops {
    locked: AtomicUsize,
    unlocked: AtomicUsize,
}

impl Drop for Probe {
    fn drop(&mut self) {
        let cache = self.cache.upgrade().expect("the test has it");
        let drops = match cache.contents.try_lock() {
            Ok(_) => &self.drops.unlocked,
            Err(_) => &self.drops.locked,
        };
        drops.fetch_add(1, Ordering::Relaxed);
    }
}

fn request(id: &str) -> IdentifiedRequest {
    let request = FetchRequest::named(id);
    let identity = Arc::new(Identity::without_options(&request));
    IdentifiedRequest { request: Arc::new(OwnedRequest::from(&request)), identity }
}

/// Caches a secret, from which a step has derived a probe.
fn keep_with_probe(cache: &Cache, id: &str, at: Instant, drops: &Arc<Drops>) -> SlotId {
    let key = Key::of(&"env".into(), &request(id));
    let until = at + TTL;
    let lifetime = Lifetime { fresh_until: until, end: until };
    let entry = cache.0.change(|contents, dropped| {
        let value = FetchedValue {
            fetched: Fetched::text("SeNtInEl"),
            asked_at: at,
            fetched_at: std::time::SystemTime::now(),
            lifetime,
            lease: None,
        };
        contents.entries.insert(&key, value, dropped)
    });
    let made_of = Reuse { entries: entry.into_iter().collect(), until };
    let slot = SlotId::next();
    let probe = Probe { cache: Arc::downgrade(&cache.0), drops: drops.clone() };
    cache.0.derive(slot, made_of, Arc::new(probe)).expect("the entry is there");
    slot
}

#[test]
fn nothing_is_dropped_while_the_cache_is_locked() {
    let clock = ManualClock::new();
    let cache = Cache::new(TTL, TTL, Clock::from(&clock));
    let drops = Arc::new(Drops::default());
    let changes: [&dyn Fn(); 6] = [
        &|| cache.expire(&Env::default(), &request("a")),
        &|| {
            drop(WriteGuard::to("env", "a"));
            cache.0.catch_up_with_writes();
        },
        &|| {
            (0..100).for_each(|_| drop(WriteGuard::to("another", "x")));
            cache.0.catch_up_with_writes();
        },
        &|| {
            keep_with_probe(&cache, "a", cache.clock().now(), &drops);
        },
        &|| cache.drop_derived(),
        &|| clock.advance(TTL),
    ];
    for (count, change) in changes.into_iter().enumerate() {
        keep_with_probe(&cache, "a", cache.clock().now(), &drops);
        let before = drops.unlocked.load(Ordering::Relaxed);
        change();
        assert!(drops.unlocked.load(Ordering::Relaxed) > before, "change {count} dropped nothing");
        assert_eq!(drops.locked.load(Ordering::Relaxed), 0, "change {count}");
        cache.drop_derived();
    }
}
