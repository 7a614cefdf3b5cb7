use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::*;
use crate::{
    backend::{Backend, BoxFuture, Fetched, fetch_request::FetchRequest, generation::WriteGuard},
    context::provenance::Provenance,
    core::{error::ErrorKind, origin::Origin},
    declaration::DeclarationBuilder,
    rt::{block_on::block_on, clock::ManualClock},
};

const TTL: Duration = Duration::from_secs(100);
const STALE: Duration = Duration::from_secs(1000);

/// A backend that has every secret, in a new version each time, until it fails.
#[derive(Debug, Clone, Default)]
struct Counting {
    calls: Arc<AtomicUsize>,
    failure: Arc<Mutex<Option<ErrorKind>>>,
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the counting backend")
    }
}

impl Backend for Counting {
    fn kind(&self) -> &str {
        "counting"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        let version = (self.calls.fetch_add(1, Ordering::Relaxed) + 1).to_string();
        let failure = *self.failure.lock().expect("nobody panics");
        let answer = move |_| match failure {
            Some(kind) => Err(Error::new(kind, "it is as the test wants it")),
            None => Ok(Fetched::text("SeNtInEl").with_version(version.clone())),
        };
        Box::pin(async move { requests.iter().map(answer).collect() })
    }
}

fn set_up() -> (Counting, ManualClock, Resolver) {
    let (backend, clock) = (Counting::default(), ManualClock::new());
    let builder = Resolver::builder().backend(backend.clone()).default_backend("counting");
    let builder = builder.cache_ttl(TTL).cache_stale(STALE).clock(&clock);
    (backend, clock, builder.build().expect("a resolver"))
}

fn declared(sources: &[&str]) -> Declaration {
    let builder = Declaration::builder("step");
    let add =
        |builder: DeclarationBuilder, source: &&str| builder.source(source).expect("a source");
    sources.iter().fold(builder, add).build()
}

/// Calls a step that declares these sources, which fills its slot.
fn call(resolver: &Resolver, sources: &[&str], slot: &StepCache) {
    let resolved = block_on(resolver.fetch_for(&declared(sources), slot));
    assert!(resolved.is_ok() && slot.get().is_some());
}

fn provenance(resolver: &Resolver, source: &str) -> Provenance {
    let (resolved, _) = block_on(resolver.fetch(&declared(&[source]), Freshness::Unexpired))
        .map_err(PartialResolution::into_error)
        .expect("it is there");
    let group = resolved.groups.values().next().expect("a group");
    group.provenances().next().expect("a source").clone()
}

#[test]
fn a_refresh_or_a_write_ends_the_steps_that_have_the_secret_and_no_others() {
    let changes: [fn(&Resolver); 2] = [
        |resolver| drop(resolver.refresh_blocking("a").expect("it is there")),
        |_| drop(WriteGuard::to("counting", "a")),
    ];
    for change in changes {
        let (backend, _clock, resolver) = set_up();
        let [a, b, both] = [const { StepCache::new() }; 3];
        call(&resolver, &["a"], &a);
        call(&resolver, &["b"], &b);
        call(&resolver, &["a", "b"], &both);
        let before = b.get().expect("it is ready");
        change(&resolver);
        assert!(a.get().is_none() && both.get().is_none());
        assert!(Arc::ptr_eq(&before, &b.get().expect("it is none of its secrets")));
        let calls = backend.calls.load(Ordering::Relaxed);
        call(&resolver, &["a", "b"], &both);
        assert!(backend.calls.load(Ordering::Relaxed) <= calls + 1, "b is kept");
    }
}

#[test]
fn more_writes_than_are_remembered_end_every_step() {
    let (_, _clock, resolver) = set_up();
    let slot = StepCache::new();
    call(&resolver, &["a"], &slot);
    (0..100).for_each(|_| drop(WriteGuard::to("another", "x")));
    assert!(slot.get().is_none());
    call(&resolver, &["a"], &slot);
}

#[test]
fn values_that_were_replaced_while_a_step_resolved_do_not_fill_its_slot() {
    let (_, _clock, resolver) = set_up();
    let slot = StepCache::new();
    let fetched = block_on(resolver.fetch(&declared(&["a"]), Freshness::Unexpired));
    let (resolved, reuse) = fetched.map_err(PartialResolution::into_error).expect("it is there");
    resolver.refresh_blocking("a").expect("it is there");
    slot.set(&resolved, reuse.expect("it is kept"), &resolver.0.cache);
    assert!(slot.get().is_none());
}

#[test]
fn a_slot_is_used_until_the_first_of_its_secrets_expires() {
    let (_, clock, resolver) = set_up();
    let slot = StepCache::new();
    call(&resolver, &["a", "b"], &slot);
    clock.advance(TTL * 9 / 10 - Duration::from_millis(1));
    assert!(slot.get().is_some());
    clock.advance(TTL / 10);
    assert!(slot.get().is_none());
}

#[test]
fn the_last_handle_to_a_resolver_drops_the_results_of_its_steps() {
    let (_, _clock, resolver) = set_up();
    let slot = StepCache::new();
    call(&resolver, &["a"], &slot);
    let made = Arc::downgrade(&slot.get().expect("it is ready"));
    let other = resolver.clone();
    drop(resolver);
    assert!(made.upgrade().is_some() && slot.get().is_some());
    drop(other);
    assert!(made.upgrade().is_none() && slot.get().is_none());
}

#[test]
fn a_derived_result_is_dropped_when_it_expires_even_if_no_step_asks() {
    let (_, clock, resolver) = set_up();
    let slot = StepCache::new();
    call(&resolver, &["a"], &slot);
    let made = Arc::downgrade(&slot.get().expect("it is ready"));
    clock.advance(TTL);
    assert!(made.upgrade().is_none());
}

#[test]
fn an_answer_says_which_road_it_took() {
    let (backend, clock, resolver) = set_up();
    let first = provenance(&resolver, "db");
    assert_eq!((first.backend(), first.id()), ("counting", "db"));
    assert_eq!((first.version.as_deref(), &first.role), (Some("1"), &None));
    assert_eq!(first.origin, Origin::Backend);
    let again = provenance(&resolver, "db");
    assert_eq!((again.origin, again.version.as_deref()), (Origin::Cache, Some("1")));
    assert_eq!((again.asked_at, again.fetched_at), (first.asked_at, first.fetched_at));
    clock.advance(TTL);
    *backend.failure.lock().expect("nobody panics") = Some(ErrorKind::Throttled);
    // The second call finds that the backend is not asked for a while.
    for _ in 0..2 {
        let stale = provenance(&resolver, "db");
        assert_eq!((stale.origin, stale.asked_at), (Origin::Stale, first.asked_at));
        assert!(stale.fresh_until > first.fresh_until);
    }
    assert_eq!(backend.calls.load(Ordering::Relaxed), 2);
}

#[test]
fn an_answer_that_is_not_kept_has_its_provenance_too() {
    let backend = Counting::default();
    let builder = Resolver::builder().backend(backend).default_backend("counting");
    let resolver = builder.cache_ttl(Duration::ZERO).build().expect("a resolver");
    for version in ["1", "2"] {
        let found = provenance(&resolver, "db");
        assert_eq!((found.origin, found.version.as_deref()), (Origin::Backend, Some(version)));
        assert_eq!((found.backend(), found.fresh_until), ("counting", None));
    }
}
