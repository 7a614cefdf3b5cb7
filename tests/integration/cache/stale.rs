//! A backend that is down, and values that have expired.

use std::time::Duration;

use secrets_runtime::{__testing::ManualClock, ErrorKind, Resolver};

use crate::vault::{Vault, read};

const TTL: Duration = Duration::from_secs(100);
const INSTANT: Duration = Duration::from_millis(1);

/// How long a backend that failed is left alone.
const PAUSE: Duration = Duration::from_secs(5);

/// A resolver whose value has expired.
fn expired(vault: &Vault, stale: Duration) -> (Resolver, ManualClock) {
    let clock = ManualClock::new();
    let builder = vault.builder().cache_ttl(TTL).cache_stale(stale).clock(&clock);
    let resolver = builder.build().unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl");
    clock.advance(TTL);
    (resolver, clock)
}

#[test]
fn while_the_backend_throttles_or_is_down_the_expired_value_serves() {
    for kind in [ErrorKind::Throttled, ErrorKind::Unavailable, ErrorKind::Timeout] {
        let vault = Vault::new("SeNtInEl");
        let (resolver, clock) = expired(&vault, Duration::from_secs(60));
        vault.fail(kind);
        assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl"), "{kind}");
        // It is not asked again at once.
        clock.advance(PAUSE - INSTANT);
        for _ in 0..100 {
            assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl"));
        }
        assert_eq!(vault.calls(), 2, "{kind}");
        // And it is asked again.
        clock.advance(INSTANT);
        vault.fail(None);
        vault.rotate("SeNtInEl-2", None);
        assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl-2"));
        assert_eq!(vault.calls(), 3, "{kind}");
    }
}

#[test]
fn a_secret_that_is_gone_or_refused_is_not_served() {
    for kind in [ErrorKind::NotFound, ErrorKind::AccessDenied, ErrorKind::Deleted] {
        let vault = Vault::new("SeNtInEl");
        let (resolver, _clock) = expired(&vault, Duration::from_secs(60));
        vault.fail(kind);
        assert_eq!(read(&resolver, "db"), Err(kind));
    }
}

#[test]
fn an_expired_value_serves_for_its_time_and_no_longer() {
    let vault = Vault::new("SeNtInEl");
    let stale = Duration::from_secs(200);
    let (resolver, clock) = expired(&vault, stale);
    vault.fail(ErrorKind::Unavailable);
    // It expired when nine to ten tenths of its time were over.
    clock.advance(stale - TTL / 10 - INSTANT);
    assert!(read(&resolver, "db").is_ok());
    clock.advance(TTL / 10 + INSTANT);
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}

#[test]
fn without_such_a_time_it_does_not_serve() {
    let vault = Vault::new("SeNtInEl");
    let (resolver, _clock) = expired(&vault, Duration::ZERO);
    vault.fail(ErrorKind::Unavailable);
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}

#[test]
fn after_it_was_gone_or_refused_it_does_not_serve_either() {
    for kind in [ErrorKind::NotFound, ErrorKind::AccessDenied, ErrorKind::Deleted] {
        let vault = Vault::new("SeNtInEl");
        let (resolver, _clock) = expired(&vault, Duration::from_secs(60));
        vault.fail(kind);
        assert_eq!(read(&resolver, "db"), Err(kind));
        vault.fail(ErrorKind::Throttled);
        assert_eq!(read(&resolver, "db"), Err(ErrorKind::Throttled), "{kind}");
    }
}

#[test]
fn what_a_refresh_is_refused_does_not_serve_later_steps() {
    let vault = Vault::new("SeNtInEl");
    let resolver = vault.resolver();
    assert!(read(&resolver, "db").is_ok());
    vault.fail(ErrorKind::AccessDenied);
    assert_eq!(resolver.refresh_blocking("db").unwrap_err().kind(), ErrorKind::AccessDenied);
    vault.fail(ErrorKind::Unavailable);
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}
