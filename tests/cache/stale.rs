//! A backend that is down, and values that have expired.

use std::{
    thread,
    time::{Duration, Instant},
};

use secrets_runtime::{ErrorKind, Resolver};
use secrets_tests::fake_backend::{FakeBackend, read};

const TTL: Duration = Duration::from_millis(300);

/// A resolver whose value has expired.
fn expired(backend: &FakeBackend, stale: Duration) -> Resolver {
    let resolver = backend.builder().cache_ttl(TTL).cache_stale(stale).build().unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl");
    thread::sleep(TTL);
    resolver
}

#[test]
fn while_the_backend_throttles_or_is_down_the_expired_value_serves() {
    for kind in [ErrorKind::Throttled, ErrorKind::Unavailable, ErrorKind::Timeout] {
        let backend = FakeBackend::new("SeNtInEl");
        let resolver = expired(&backend, Duration::from_secs(60));
        backend.fail(kind);
        assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl"), "{kind}");
        // It is not asked again at once.
        let start = Instant::now();
        for _ in 0..100 {
            assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl"));
        }
        let pauses = start.elapsed().as_millis() / TTL.as_millis();
        assert!(backend.calls() as u128 <= 3 + pauses, "{}", backend.calls());
        // And it is asked again.
        thread::sleep(TTL);
        backend.fail(None);
        backend.rotate("SeNtInEl-2", None);
        assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl-2"));
    }
}

#[test]
fn a_secret_that_is_gone_or_refused_is_not_served() {
    for kind in [ErrorKind::NotFound, ErrorKind::AccessDenied, ErrorKind::Deleted] {
        let backend = FakeBackend::new("SeNtInEl");
        let resolver = expired(&backend, Duration::from_secs(60));
        backend.fail(kind);
        assert_eq!(read(&resolver, "db"), Err(kind));
    }
}

#[test]
fn an_expired_value_serves_for_its_time_and_no_longer() {
    let backend = FakeBackend::new("SeNtInEl");
    let resolver = expired(&backend, Duration::from_secs(2));
    backend.fail(ErrorKind::Unavailable);
    assert!(read(&resolver, "db").is_ok());
    thread::sleep(Duration::from_millis(2100));
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}

#[test]
fn without_such_a_time_it_does_not_serve() {
    let backend = FakeBackend::new("SeNtInEl");
    let resolver = expired(&backend, Duration::ZERO);
    backend.fail(ErrorKind::Unavailable);
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}

#[test]
fn after_it_was_gone_or_refused_it_does_not_serve_either() {
    for kind in [ErrorKind::NotFound, ErrorKind::AccessDenied, ErrorKind::Deleted] {
        let backend = FakeBackend::new("SeNtInEl");
        let resolver = expired(&backend, Duration::from_secs(60));
        backend.fail(kind);
        assert_eq!(read(&resolver, "db"), Err(kind));
        backend.fail(ErrorKind::Throttled);
        assert_eq!(read(&resolver, "db"), Err(ErrorKind::Throttled), "{kind}");
    }
}

#[test]
fn a_value_whose_refresh_is_refused_does_not_serve_later_steps() {
    let backend = FakeBackend::new("SeNtInEl");
    let resolver = backend.resolver();
    assert!(read(&resolver, "db").is_ok());
    backend.fail(ErrorKind::AccessDenied);
    assert_eq!(resolver.refresh_blocking("db").unwrap_err().kind(), ErrorKind::AccessDenied);
    backend.fail(ErrorKind::Unavailable);
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}
