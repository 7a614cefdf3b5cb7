//! Leases: when they are revoked, and the warnings about them.

use std::time::Duration;

use secrets_runtime::{
    __testing::ManualClock, Backend, ErrorKind, FetchRequest, conformance::check_leases_blocking,
    settings::variables,
};
use secrets_tests::{
    child,
    fake_backend::{declared, read},
    leasing_backend::LeasingBackend,
};

use crate::cache::leases::{DUE, NONE, TIME, begin, ids, setup, setup_with, value};

#[test]
fn a_revocation_that_fails_for_a_moment_is_tried_again_and_succeeds_once() {
    let (backend, clock, resolver) = setup_with(|it| {
        it.revocations.extend([ErrorKind::Unavailable, ErrorKind::Timeout]);
    });
    drop(begin(&resolver));
    drop(resolver);
    (0..5).for_each(|_| clock.advance(Duration::from_secs(30)));
    assert_eq!(backend.log(), (1, 0, ids(&[1])));
    assert_eq!(backend.lock().revoked_in_vain, 2);
}

#[test]
fn a_revocation_that_is_refused_is_not_tried_again() {
    let (backend, clock, resolver) =
        setup_with(|it| it.revocations.push_back(ErrorKind::AccessDenied));
    drop(begin(&resolver));
    drop(resolver);
    (0..5).for_each(|_| clock.advance(Duration::from_secs(30)));
    assert_eq!((backend.log().2, backend.lock().revoked_in_vain), (vec![], 1));
}

#[test]
fn leases_are_revoked_when_the_resolver_ends_but_for_those_that_are_held() {
    let (backend, clock, resolver) = setup();
    let step = begin(&resolver);
    read(&resolver, "other").unwrap();
    drop(resolver);
    clock.advance(NONE);
    assert_eq!(backend.log().2, ids(&[2]));
    clock.advance(DUE);
    assert_eq!(backend.log(), (2, 1, ids(&[2])), "the held one is renewed");
    assert_eq!(value(&step), "SeNtInEl-1");
    drop(step);
    clock.advance(NONE);
    assert_eq!(backend.log().2, ids(&[2, 1]));
}

#[test]
fn a_lease_that_hangs_does_not_keep_its_backend_from_being_shut_down() {
    let (backend, clock) = (LeasingBackend::new(Duration::from_secs(3000)), ManualClock::new());
    let resolver = backend.builder(&clock).setting(&variables::TIMEOUT, "0.4").build().unwrap();
    let step = begin(&resolver);
    backend.lock().is_keeping = true;
    resolver.shutdown_blocking();
    assert_eq!(backend.lock().shut_down, 1);
    drop(step);
}

#[test]
fn a_shutdown_revokes_all_leases_once_and_then_shuts_the_backend_down() {
    let (backend, clock, resolver) = setup();
    let step = begin(&resolver);
    read(&resolver, "other").unwrap();
    resolver.shutdown_blocking();
    let mut revoked = backend.log().2;
    revoked.sort();
    assert_eq!((revoked, backend.lock().shut_down), (ids(&[1, 2]), 1));
    // Later steps have leases of their own.
    let last = begin(&resolver);
    assert_eq!(value(&last), "SeNtInEl-3");
    drop((step, last));
    (0..3).for_each(|_| clock.advance(DUE));
    assert_eq!((backend.log().1, backend.log().2.len()), (0, 3));
}

#[test]
fn a_shutdown_tries_again_for_a_moment_and_gives_up() {
    let (backend, _clock, resolver) =
        setup_with(|it| it.revocations.extend(vec![ErrorKind::Unavailable; 3]));
    let _step = begin(&resolver);
    resolver.shutdown_blocking();
    assert_eq!((backend.log().2, backend.lock().revoked_in_vain), (vec![], 3));
}

#[test]
fn a_lease_of_no_duration_is_used_by_one_step_and_revoked() {
    let (backend, clock, resolver) = setup_with(|it| it.duration = NONE);
    let step = begin(&resolver);
    assert_eq!(value(&step), "SeNtInEl-1");
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
    drop(step);
    clock.advance(NONE);
    let (fetched, renewed, mut revoked) = backend.log();
    revoked.sort();
    assert_eq!((fetched, renewed, revoked), (2, 0, ids(&[1, 2])));
}

#[test]
fn a_step_whose_other_secret_is_missing_leaves_its_lease_to_the_next() {
    let (backend, _clock, resolver) = setup();
    let error = resolver.resolve_blocking(&declared(&["db", "missing"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    assert_eq!(backend.log(), (1, 0, vec![]));
}

#[test]
fn two_hundred_steps_at_once_share_one_lease() {
    let (backend, clock, resolver) = setup();
    std::thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(|| assert_eq!(value(&begin(&resolver)), "SeNtInEl-1"));
        }
    });
    (0..2).for_each(|_| clock.advance(DUE));
    assert_eq!(backend.log(), (1, 1, ids(&[1])));
}

#[test]
fn two_answers_with_one_lease_are_renewed_and_revoked_once() {
    let (backend, clock, resolver) = setup_with(|it| it.is_one = true);
    let (one, other) =
        (begin(&resolver), resolver.resolve_blocking(&declared(&["other"])).unwrap());
    clock.advance(DUE);
    assert_eq!(backend.log(), (2, 1, vec![]));
    drop((one, other, resolver));
    clock.advance(NONE);
    assert_eq!(backend.log().2, ids(&[1]));
}

#[test]
fn one_renewal_is_under_way_at_a_time_and_a_shutdown_does_not_wait_for_ever() {
    let (backend, clock) = (LeasingBackend::new(TIME), ManualClock::new());
    backend.lock().is_hanging = true;
    let timeout = &secrets_runtime::settings::variables::TIMEOUT;
    let resolver = backend.builder(&clock).setting(timeout, "0.3").build().unwrap();
    let step = begin(&resolver);
    (0..3).for_each(|_| clock.advance(Duration::from_millis(1_999_999) / 3));
    clock.advance(Duration::from_secs(1));
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1", "it serves meanwhile");
    assert_eq!(backend.log().1, 1);
    resolver.shutdown_blocking();
    drop(step);
    assert!(backend.log().2.len() <= 1);
}

/// The process of the test below.
#[test]
fn child_of_the_test_of_warnings() {
    if std::env::var_os("SECRETS_TIMEOUT").is_none() {
        return;
    }
    let (backend, clock, resolver) = setup();
    // A step holds a lease that comes near its longest time, and then the server is away until its end.
    let step = begin(&resolver);
    backend.lock().renewals.extend([Ok(Duration::from_secs(1000)), Err(ErrorKind::Unavailable)]);
    clock.advance(DUE);
    backend.lock().renewals.extend(vec![Err(ErrorKind::Unavailable); 1000]);
    clock.advance(Duration::from_secs(2000));
    drop(step);
    // One that cannot be revoked.
    backend.lock().revocations.push_back(ErrorKind::AccessDenied);
    read(&resolver, "db").unwrap();
    resolver.shutdown_blocking();
}

#[test]
fn warnings_name_the_lease_and_its_end() {
    let child = child::of_test(module_path!(), "child_of_the_test_of_warnings")
        .env("SECRETS_TIMEOUT", "30")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && !text.contains("SeNtInEl"), "{text}");
    let warnings: Vec<&str> =
        text.lines().filter(|line| line.starts_with("secrets: warning: ")).collect();
    let says = |words: &[&str]| {
        let of = |line: &&&str| words.iter().all(|word| line.contains(word));
        warnings.iter().filter(of).count()
    };
    let outlived = ["`lease-1`", "`db`", "less and less time", "it ends at 2", "with_fresh"];
    assert_eq!(says(&outlived), 1, "{warnings:#?}");
    assert_eq!(says(&["`lease-2`", "cannot be revoked", "it ends at 2"]), 1, "{warnings:#?}");
}

#[test]
fn the_conformance_suite_covers_leases() {
    for is_renewable in [true, false] {
        let backend = LeasingBackend::new(TIME);
        let mut leasing = backend.lock();
        leasing.is_renewable = is_renewable;
        if !is_renewable {
            leasing.renewals.push_back(Err(ErrorKind::NotSupported));
        }
        drop(leasing);
        check_leases_blocking(&backend, "db");
        assert_eq!(backend.log().2, ids(&[1, 2, 2]));
    }
}

#[test]
#[should_panic(expected = "`renew` returns the lease with its new time")]
fn the_conformance_suite_finds_a_renewal_that_fails() {
    let backend = LeasingBackend::new(TIME);
    backend.lock().renewals.push_back(Err(ErrorKind::Unavailable));
    check_leases_blocking(&backend, "db");
}

#[test]
fn the_provided_check_for_existence_gives_its_lease_back() {
    let backend = LeasingBackend::new(TIME);
    let requests = [FetchRequest::named("db"), FetchRequest::named("missing")];
    let found: Vec<_> =
        backend.exists_blocking(&requests).into_iter().map(Result::unwrap).collect();
    assert_eq!(found, [true, false]);
    assert_eq!(backend.log(), (1, 0, ids(&[1])));
}
