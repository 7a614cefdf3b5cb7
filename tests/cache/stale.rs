//! A backend that is down, and values that have expired.

use std::time::Duration;

use secrets_runtime::{__testing::ManualClock, ErrorKind, Resolver};

use secrets_tests::fake_backend::{FakeBackend, read};

const TTL: Duration = Duration::from_secs(100);
const INSTANT: Duration = Duration::from_millis(1);

/// How long a backend that failed is left alone.
const PAUSE: Duration = Duration::from_secs(5);

/// A resolver whose value has expired.
fn expired(backend: &FakeBackend, stale: Duration) -> (Resolver, ManualClock) {
    let clock = ManualClock::new();
    let builder = backend.builder().cache_ttl(TTL).cache_stale(stale).clock(&clock);
    let resolver = builder.build().unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl");
    clock.advance(TTL);
    (resolver, clock)
}

#[test]
fn while_the_backend_throttles_or_is_down_the_expired_value_is_used() {
    for kind in [ErrorKind::Throttled, ErrorKind::Unavailable, ErrorKind::Timeout] {
        let backend = FakeBackend::new("SeNtInEl");
        let (resolver, clock) = expired(&backend, Duration::from_secs(60));
        backend.fail(kind);
        assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl"), "{kind}");
        // It is not asked again at once.
        clock.advance(PAUSE - INSTANT);
        for _ in 0..100 {
            assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl"));
        }
        assert_eq!(backend.calls(), 2, "{kind}");
        // And it is asked again.
        clock.advance(INSTANT);
        backend.fail(None);
        backend.rotate("SeNtInEl-2", None);
        assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl-2"));
        assert_eq!(backend.calls(), 3, "{kind}");
    }
}

#[test]
fn a_secret_that_is_gone_or_refused_is_not_served() {
    for kind in [ErrorKind::NotFound, ErrorKind::AccessDenied, ErrorKind::Deleted] {
        let backend = FakeBackend::new("SeNtInEl");
        let (resolver, _clock) = expired(&backend, Duration::from_secs(60));
        backend.fail(kind);
        assert_eq!(read(&resolver, "db"), Err(kind));
    }
}

#[test]
fn an_expired_value_is_used_until_it_ends() {
    let backend = FakeBackend::new("SeNtInEl");
    let stale = Duration::from_secs(200);
    let (resolver, clock) = expired(&backend, stale);
    backend.fail(ErrorKind::Unavailable);
    // It expired when nine to ten tenths of its time were over.
    clock.advance(stale - TTL / 10 - INSTANT);
    assert!(read(&resolver, "db").is_ok());
    clock.advance(TTL / 10 + INSTANT);
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}

#[test]
fn without_such_a_time_it_does_not_serve() {
    let backend = FakeBackend::new("SeNtInEl");
    let (resolver, _clock) = expired(&backend, Duration::ZERO);
    backend.fail(ErrorKind::Unavailable);
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}

#[test]
fn after_it_was_gone_or_refused_it_does_not_serve_either() {
    for kind in [ErrorKind::NotFound, ErrorKind::AccessDenied, ErrorKind::Deleted] {
        let backend = FakeBackend::new("SeNtInEl");
        let (resolver, _clock) = expired(&backend, Duration::from_secs(60));
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
