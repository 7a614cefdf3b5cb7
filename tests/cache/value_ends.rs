//! Values that end at a time of which their backend knows.

use std::time::Duration;

use secrets_runtime::{__testing::ManualClock, ErrorKind, Fetched, Resolver, backend};
use secrets_tests::fake_backend::{declared, read};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

const TIME: Duration = Duration::from_secs(300);

struct Server {
    resolver: Resolver,
    clock: ManualClock,
    fetched: Arc<AtomicUsize>,
    is_down: Arc<AtomicBool>,
}

/// A server whose values end after this time.
fn server(expiry: Duration) -> Server {
    let (fetched, is_down) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (count, down) = (fetched.clone(), is_down.clone());
    let backend = backend::from_fn("ending", move |_| {
        let down = down.load(Ordering::Relaxed);
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            match down {
                true => Err(secrets_runtime::Error::new(ErrorKind::Unavailable, "it is down")),
                false => Ok(Fetched::text(format!("SeNtInEl-{number}")).with_expiry(expiry)),
            }
        }
    });
    let clock = ManualClock::new();
    let resolver = Resolver::builder().backend(backend).default_backend("ending").clock(&clock);
    let resolver = resolver.cache_ttl(Duration::from_secs(100_000)).build().unwrap();
    Server { resolver, clock, fetched, is_down }
}

#[test]
fn a_value_is_fetched_again_at_two_thirds_of_its_time() {
    let Server { resolver, clock, fetched, .. } = server(TIME);
    read(&resolver, "db").unwrap();
    clock.advance(Duration::from_secs(179));
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    clock.advance(Duration::from_secs(21));
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-2");
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
}

#[test]
fn it_is_used_while_its_backend_is_down_and_not_past_its_end() {
    let Server { resolver, clock, is_down, .. } = server(TIME);
    read(&resolver, "db").unwrap();
    is_down.store(true, Ordering::Relaxed);
    clock.advance(TIME - Duration::from_secs(1));
    assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    clock.advance(Duration::from_secs(1));
    assert_eq!(read(&resolver, "db"), Err(ErrorKind::Unavailable));
}

#[test]
fn a_value_with_zero_ttl_is_shared_by_waiters_and_not_cached() {
    let Server { resolver, fetched, .. } = server(Duration::ZERO);
    for number in 1..4 {
        assert_eq!(read(&resolver, "db").unwrap(), format!("SeNtInEl-{number}"));
    }
    assert_eq!(fetched.load(Ordering::Relaxed), 3);
}

#[test]
fn the_longest_time_is_a_time_too() {
    let Server { resolver, .. } = server(Duration::MAX);
    for _ in 0..2 {
        assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl-1");
    }
}

#[test]
fn provenance_says_when_it_ends() {
    let Server { resolver, .. } = server(TIME);
    for _ in 0..2 {
        let secrets = resolver.resolve_blocking(&declared(&["db"])).unwrap().secrets;
        let provenance = secrets.provenance("db").unwrap();
        assert_eq!(provenance.expires_at(), Some(provenance.fetched_at() + TIME));
    }
}
