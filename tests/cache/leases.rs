//! Leases: who shares them, and when they are renewed.

use std::time::{Duration, SystemTime};

use secrets_runtime::{__testing::ManualClock, Context, ErrorKind, Resolver};
use secrets_tests::{
    fake_backend::{declared, read},
    leasing_backend::LeasingBackend,
};

pub(super) const TIME: Duration = Duration::from_secs(3000);
/// From here on a lease is renewed, if it was not a little earlier.
pub(super) const DUE: Duration = Duration::from_secs(2000);
pub(super) const NONE: Duration = Duration::ZERO;

pub(super) fn setup() -> (LeasingBackend, ManualClock, Resolver) {
    setup_with(|_| ())
}

pub(super) fn setup_with(
    change: impl FnOnce(&mut secrets_tests::leasing_backend::Leasing),
) -> (LeasingBackend, ManualClock, Resolver) {
    let (backend, clock) = (LeasingBackend::new(TIME), ManualClock::new());
    change(&mut backend.lock());
    let resolver = backend.builder(&clock).cache_ttl(Duration::from_secs(10)).build().unwrap();
    (backend, clock, resolver)
}

/// A step that has begun.
pub(super) fn begin(resolver: &Resolver) -> Context {
    resolver.resolve_blocking(&declared(&["db"])).unwrap()
}

pub(super) fn value(context: &Context) -> String {
    context.secrets.get("db", "db").unwrap().expose_str().unwrap().to_owned()
}

pub(super) fn ids(numbers: &[usize]) -> Vec<String> {
    numbers.iter().map(|number| format!("lease-{number}")).collect()
}

#[test]
fn all_steps_share_a_leased_value_whatever_the_ttl_says() {
    let (backend, clock, resolver) = setup();
    let first = begin(&resolver);
    clock.advance(Duration::from_secs(1000));
    let second = begin(&resolver);
    assert_eq!((value(&first), value(&second)), ("SeNtInEl-1".into(), "SeNtInEl-1".into()));
    assert_eq!(backend.log(), (1, 0, vec![]));
}

#[test]
fn without_a_cache_each_step_has_a_lease_of_its_own_and_returns_it_at_its_end() {
    let (backend, clock) = (LeasingBackend::new(TIME), ManualClock::new());
    let resolver = backend.builder(&clock).cache_ttl(NONE).build().unwrap();
    let (first, second) = (begin(&resolver), begin(&resolver));
    assert_eq!((value(&first), value(&second)), ("SeNtInEl-1".into(), "SeNtInEl-2".into()));
    clock.advance(DUE);
    assert_eq!(backend.log(), (2, 2, vec![]), "both are renewed while they are held");
    drop(second);
    clock.advance(NONE);
    assert_eq!(backend.log().2, ids(&[2]));
    drop(first);
    clock.advance(NONE);
    assert_eq!(backend.log().2, ids(&[2, 1]));
}

#[test]
fn a_step_keeps_its_lease_however_long_it_runs() {
    let (backend, clock, resolver) = setup();
    let step = begin(&resolver);
    for renewals in 1..=20 {
        clock.advance(DUE);
        assert_eq!(backend.log(), (1, renewals, vec![]));
    }
    assert_eq!(value(&begin(&resolver)), value(&step));
}

#[test]
fn an_unused_lease_is_renewed_once_if_a_step_has_begun_with_it_and_is_then_revoked() {
    let (backend, clock, resolver) = setup();
    read(&resolver, "db").unwrap();
    clock.advance(DUE);
    assert_eq!(backend.log(), (1, 1, vec![]));
    read(&resolver, "db").unwrap();
    clock.advance(DUE);
    assert_eq!(backend.log(), (1, 2, vec![]));
    clock.advance(DUE);
    assert_eq!(backend.log(), (1, 2, ids(&[1])));
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
}

#[test]
fn a_value_that_was_copied_out_does_not_hold_the_lease() {
    let (backend, clock, resolver) = setup();
    let context = begin(&resolver);
    let copy = context.secrets.get("db", "db").unwrap();
    let provenance = context.secrets.provenance("db").unwrap().clone();
    drop(context);
    clock.advance(DUE);
    clock.advance(DUE);
    assert_eq!(backend.log(), (1, 1, ids(&[1])));
    assert_eq!(copy.expose_str().unwrap(), "SeNtInEl-1");
    assert!(provenance.expires_at().is_some());
}

#[test]
fn secrets_without_their_context_hold_the_lease() {
    let (backend, clock, resolver) = setup();
    let secrets = begin(&resolver).secrets;
    (0..5).for_each(|_| clock.advance(DUE));
    assert_eq!(backend.log(), (1, 5, vec![]));
    drop(secrets);
    (0..2).for_each(|_| clock.advance(DUE));
    assert_eq!(backend.log().2, ids(&[1]));
}

#[test]
fn provenance_says_when_the_value_ends_also_after_a_renewal() {
    let (_backend, clock, resolver) = setup();
    let before = SystemTime::now();
    let step = begin(&resolver);
    let provenance = step.secrets.provenance("db").unwrap();
    let end = provenance.expires_at().unwrap();
    assert!(end >= before + TIME && end <= SystemTime::now() + TIME);
    clock.advance(DUE);
    assert!(provenance.expires_at().unwrap() >= end + DUE);
    let json = serde_json::to_value(provenance).unwrap();
    assert!(json["expires_at"].as_str().is_some_and(|text| text.ends_with('Z')), "{json}");
}

#[test]
fn after_a_renewal_for_less_than_half_of_the_time_later_steps_get_a_new_lease() {
    let (backend, clock, resolver) =
        setup_with(|it| it.renewals.push_back(Ok(Duration::from_secs(1499))));
    let step = begin(&resolver);
    clock.advance(DUE);
    let later = begin(&resolver);
    assert_eq!((value(&step), value(&later)), ("SeNtInEl-1".into(), "SeNtInEl-2".into()));
    assert_eq!(backend.log(), (2, 1, vec![]));
    drop(step);
    clock.advance(NONE);
    assert_eq!(backend.log().2, ids(&[1]), "the old one is returned with its last holder");
}

#[test]
fn a_renewal_for_half_of_the_time_is_enough() {
    let (backend, clock, resolver) =
        setup_with(|it| it.renewals.push_back(Ok(Duration::from_secs(1500))));
    let _step = begin(&resolver);
    clock.advance(DUE);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    clock.advance(Duration::from_secs(1000));
    assert_eq!(backend.log(), (1, 2, vec![]));
}

#[test]
fn a_renewal_that_fails_for_a_moment_is_tried_again_while_the_lease_lasts() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Throttled, ErrorKind::Timeout] {
        let (backend, clock, resolver) =
            setup_with(|it| it.renewals.extend([Err(kind), Err(kind)]));
        let _step = begin(&resolver);
        clock.advance(DUE);
        assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1", "it serves meanwhile");
        (0..2).for_each(|_| clock.advance(Duration::from_secs(30)));
        assert_eq!(backend.log(), (1, 3, vec![]));
        clock.advance(Duration::from_secs(1500));
        assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1", "it was renewed");
    }
}

#[test]
fn nothing_is_served_past_its_end_while_the_server_is_gone() {
    let (backend, clock, resolver) = setup();
    let step = begin(&resolver);
    {
        let mut leasing = backend.lock();
        leasing.failure = Some(ErrorKind::Unavailable);
        leasing.renewals.extend(vec![Err(ErrorKind::Unavailable); 1000]);
    }
    clock.advance(TIME - Duration::from_secs(1));
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    clock.advance(Duration::from_secs(1));
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
    drop(step);
    clock.advance(NONE);
    assert_eq!(backend.log().2, ids(&[]), "what has ended is not revoked");
}

#[test]
fn a_lease_whose_renewal_is_refused_is_used_by_no_further_step() {
    for kind in [ErrorKind::NotFound, ErrorKind::AccessDenied, ErrorKind::InvalidConfig] {
        let (backend, clock, resolver) = setup_with(|it| it.renewals.push_back(Err(kind)));
        let step = begin(&resolver);
        clock.advance(DUE);
        assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
        drop(step);
        clock.advance(NONE);
        assert_eq!(backend.log(), (2, 1, vec![]), "it is gone, so it is not revoked");
    }
}

#[test]
fn a_lease_that_the_backend_cannot_renew_counts_as_not_renewable() {
    let (backend, clock, resolver) =
        setup_with(|it| it.renewals.push_back(Err(ErrorKind::NotSupported)));
    let step = begin(&resolver);
    clock.advance(DUE);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
    assert_eq!(value(&step), "SeNtInEl-1");
    drop(step);
    clock.advance(NONE);
    assert_eq!(backend.log(), (2, 1, ids(&[1])));
}

#[test]
fn a_lease_that_is_not_renewable_is_replaced_at_two_thirds_of_its_time() {
    let (backend, clock, resolver) = setup_with(|it| it.is_renewable = false);
    let step = begin(&resolver);
    clock.advance(Duration::from_secs(1799));
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    clock.advance(Duration::from_secs(201));
    backend.lock().failure = Some(ErrorKind::Throttled);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1", "it serves while the server fails");
    backend.lock().failure = None;
    clock.advance(Duration::from_secs(10));
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
    assert_eq!(backend.log(), (2, 0, vec![]));
    drop(step);
    clock.advance(NONE);
    assert_eq!(backend.log().2, ids(&[1]));
}

#[test]
fn a_renewal_that_panics_counts_as_a_failure_for_a_moment() {
    let backend = secrets_tests::leasing_backend::Panicking::new(TIME);
    let clock = ManualClock::new();
    let resolver =
        Resolver::builder().backend(backend).default_backend("panicking").clock(&clock).build();
    let resolver = resolver.unwrap();
    let _step = begin(&resolver);
    clock.advance(DUE);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    clock.advance(TIME);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
}

#[test]
fn a_refresh_means_a_new_lease() {
    let (backend, clock, resolver) = setup();
    let step = begin(&resolver);
    let fresh = step.secrets.refresh_blocking("db").unwrap();
    assert_eq!(fresh.get("db", "db").unwrap().expose_str().unwrap(), "SeNtInEl-2");
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
    clock.advance(NONE);
    assert_eq!(backend.log(), (2, 0, vec![]), "the step still has the first one");
    drop((step, fresh));
    clock.advance(NONE);
    assert_eq!(backend.log().2, ids(&[1]));
}

#[test]
fn with_fresh_means_a_new_lease_for_all_that_fail_together() {
    let (backend, _clock, resolver) = setup();
    let steps = [begin(&resolver), begin(&resolver)];
    for step in &steps {
        let mut seen = Vec::new();
        let connect = |password: String| {
            seen.push(password.clone());
            if password == "SeNtInEl-1" { Err(Refused) } else { Ok(()) }
        };
        step.secrets.with_fresh_blocking("db", connect, |_| true).unwrap();
        assert_eq!(seen, ["SeNtInEl-1", "SeNtInEl-2"]);
    }
    assert_eq!(backend.log().0, 2);
}

#[derive(Debug)]
struct Refused;

impl From<secrets_runtime::Error> for Refused {
    fn from(_: secrets_runtime::Error) -> Self {
        Self
    }
}
