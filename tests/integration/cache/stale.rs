//! A backend that is down, and values that have expired.

use std::{
    thread,
    time::{Duration, Instant},
};

use secrets_runtime::{ErrorKind, Resolver};

use crate::vault::{Vault, read};

const TTL: Duration = Duration::from_millis(300);

/// A resolver whose value has expired.
fn expired(vault: &Vault, stale: Duration) -> Resolver {
    let resolver = vault.builder().cache_ttl(TTL).cache_stale(stale).build().unwrap();
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl");
    thread::sleep(TTL);
    resolver
}

#[test]
fn while_the_backend_throttles_or_is_down_the_expired_value_serves() {
    for kind in [ErrorKind::Throttled, ErrorKind::Unavailable, ErrorKind::Timeout] {
        let vault = Vault::new("SeNtInEl");
        let resolver = expired(&vault, Duration::from_secs(60));
        vault.fail(kind);
        assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl"), "{kind}");
        // It is not asked again at once.
        let start = Instant::now();
        for _ in 0..100 {
            assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl"));
        }
        let pauses = start.elapsed().as_millis() / TTL.as_millis();
        assert!(vault.calls() as u128 <= 3 + pauses, "{}", vault.calls());
        // And it is asked again.
        thread::sleep(TTL);
        vault.fail(None);
        vault.rotate("SeNtInEl-2", None);
        assert_eq!(read(&resolver, "db").as_deref(), Ok("SeNtInEl-2"));
    }
}

#[test]
fn a_secret_that_is_gone_or_refused_is_not_served() {
    for kind in [ErrorKind::NotFound, ErrorKind::AccessDenied, ErrorKind::Deleted] {
        let vault = Vault::new("SeNtInEl");
        let resolver = expired(&vault, Duration::from_secs(60));
        vault.fail(kind);
        assert_eq!(read(&resolver, "db"), Err(kind));
    }
}

#[test]
fn an_expired_value_serves_for_its_time_and_no_longer() {
    let vault = Vault::new("SeNtInEl");
    let resolver = expired(&vault, Duration::from_secs(2));
    vault.fail(ErrorKind::Unavailable);
    assert!(read(&resolver, "db").is_ok());
    thread::sleep(Duration::from_millis(2100));
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}

#[test]
fn without_such_a_time_it_does_not_serve() {
    let vault = Vault::new("SeNtInEl");
    let resolver = expired(&vault, Duration::ZERO);
    vault.fail(ErrorKind::Unavailable);
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}

#[test]
fn after_it_was_gone_or_refused_it_does_not_serve_either() {
    for kind in [ErrorKind::NotFound, ErrorKind::AccessDenied, ErrorKind::Deleted] {
        let vault = Vault::new("SeNtInEl");
        let resolver = expired(&vault, Duration::from_secs(60));
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
