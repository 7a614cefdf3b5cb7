//! Credentials for pools, which change while they are used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context as TaskContext, Wake, Waker},
    time::Duration,
};

use secrets_runtime::{
    __testing::ManualClock, AuditEvent, AuditSink, Backend, BoxFuture, Error, ErrorKind,
    FetchRequest, Fetched, Resolver, ResolverBuilder, pool::Rotating,
};
use secrets_tests::{fake_backend::FakeBackend, leasing_backend::LeasingBackend};

fn rotating(backend: &FakeBackend, clock: &ManualClock) -> (Resolver, Rotating<String>) {
    let resolver = backend.builder().cache_ttl(Duration::from_secs(100)).clock(clock).build();
    let resolver = resolver.unwrap();
    let rotating = Rotating::new("db").with_resolver(&resolver);
    (resolver, rotating)
}

#[derive(Debug, PartialEq)]
enum Failure {
    Refused,
    Secrets(ErrorKind),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Secrets(error.kind())
    }
}

#[tokio::test]
async fn the_present_value_is_fetched_once_while_it_is_fresh() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    let (_resolver, rotating) = rotating(&backend, &clock);
    let first = rotating.current().await.unwrap();
    for _ in 0..100 {
        assert!(Arc::ptr_eq(&rotating.current().await.unwrap(), &first));
    }
    assert_eq!((first.as_str(), backend.calls()), ("SeNtInEl-1", 1));
    backend.rotate("SeNtInEl-2", None);
    clock.advance(Duration::from_secs(100));
    assert_eq!(*rotating.current().await.unwrap(), "SeNtInEl-2");
    // What has not changed is not read again.
    clock.advance(Duration::from_secs(100));
    let second = rotating.current().await.unwrap();
    clock.advance(Duration::from_secs(100));
    assert!(Arc::ptr_eq(&rotating.current().await.unwrap(), &second));
    assert_eq!(rotating.current_blocking().unwrap(), second);
}

#[tokio::test]
async fn a_refused_value_is_tried_again_only_when_the_store_has_another() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    let (_resolver, rotating) = rotating(&backend, &clock);
    let tried = std::sync::Mutex::new(Vec::new());
    let work = |value: Arc<String>| {
        tried.lock().unwrap().push(value.to_string());
        // The store is changed after the database: when it is asked for the second time.
        if backend.calls() == 1 {
            let backend = backend.clone();
            tokio::spawn(async move {
                while backend.calls() < 3 {
                    tokio::task::yield_now().await;
                }
                backend.rotate("SeNtInEl-2", None);
            });
        }
        async move { if *value == "SeNtInEl-1" { Err(Failure::Refused) } else { Ok(()) } }
    };
    let outcome = rotating.with_fresh(work, |failure| *failure == Failure::Refused).await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(*tried.lock().unwrap(), ["SeNtInEl-1", "SeNtInEl-2"]);
    assert_eq!(*rotating.current().await.unwrap(), "SeNtInEl-2");
}

#[tokio::test]
async fn without_another_value_the_error_stays() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    let (_resolver, rotating) = rotating(&backend, &clock);
    let mut tries = 0;
    let work = |_: Arc<String>| {
        tries += 1;
        async { Err::<(), _>(Failure::Refused) }
    };
    assert_eq!(rotating.with_fresh(work, |_| true).await, Err(Failure::Refused));
    assert_eq!(tries, 1);
    assert!(backend.calls() > 5, "the store is asked again and again");
}

#[tokio::test]
async fn changes_are_told_with_their_versions() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    backend.rotate("SeNtInEl-1", Some("v1"));
    let (_resolver, rotating) = rotating(&backend, &clock);
    rotating.current().await.unwrap();
    let mut changes = rotating.changes();
    let waiting = tokio::spawn(async move { changes.next().await });
    tokio::task::yield_now().await;
    backend.rotate("SeNtInEl-2", Some("v2"));
    clock.advance(Duration::from_secs(100));
    rotating.current().await.unwrap();
    assert_eq!(waiting.await.unwrap().as_deref(), Some("v2"));
}

#[tokio::test]
async fn a_lease_is_kept_and_replaced_when_it_has_outlived() {
    let (backend, clock) = (LeasingBackend::new(Duration::from_secs(3000)), ManualClock::new());
    let resolver = backend.builder(&clock).build().unwrap();
    let rotating = Rotating::<String>::new("db").with_resolver(&resolver);
    assert_eq!(*rotating.current().await.unwrap(), "SeNtInEl-1");
    for _ in 0..5 {
        clock.advance(Duration::from_secs(2000));
    }
    assert_eq!(backend.log(), (1, 5, vec![]), "it is renewed though nobody asks");
    backend.lock().renewals.push_back(Ok(Duration::from_secs(1000)));
    clock.advance(Duration::from_secs(2000));
    assert_eq!(*rotating.current().await.unwrap(), "SeNtInEl-2");
    clock.advance(Duration::ZERO);
    assert_eq!(backend.log().2, ["lease-1"]);
}

#[tokio::test]
async fn a_mistake_in_the_source_is_reported_when_it_is_read() {
    let error = Rotating::<String>::new("no such name").current().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSource);
}

struct Counted;

impl Wake for Counted {
    fn wake(self: Arc<Self>) {}
}

#[tokio::test]
async fn a_waiter_that_polls_for_changes_several_times_is_stored_once() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    let (_resolver, rotating) = rotating(&backend, &clock);
    rotating.current().await.unwrap();
    let (counted, mut changes) = (Arc::new(Counted), rotating.changes());
    let waker = Waker::from(counted.clone());
    for _ in 0..100 {
        assert!(changes.poll_next(&mut TaskContext::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&counted), 3, "ours, the waker, and the one that is kept");
    drop(changes);
    assert_eq!(Arc::strong_count(&counted), 2);
}

/// A backend whose first answer waits. A clone is the same backend.
#[derive(Debug, Clone, Default)]
struct Slow {
    calls: Arc<AtomicUsize>,
    go: Arc<tokio::sync::Notify>,
}

impl std::fmt::Display for Slow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the test's server")
    }
}

impl Backend for Slow {
    fn kind(&self) -> &str {
        "slow"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
            if number == 1 {
                self.go.notified().await;
            }
            requests.iter().map(|_| Ok(Fetched::text(format!("SeNtInEl-{number}")))).collect()
        })
    }
}

/// A log that keeps nothing.
struct NoLog;

impl AuditSink for NoLog {
    fn record(&self, _event: &AuditEvent) -> Result<(), Error> {
        Ok(())
    }
}

#[tokio::test]
async fn a_value_that_was_asked_for_earlier_does_not_replace_a_newer_one() {
    let builder = Resolver::builder();
    assert_eq!(value_of_a_slower_call(builder).await, "SeNtInEl-2");
    // An audited call returns what it has fetched itself, which is what the log says.
    let builder = Resolver::builder().audit(NoLog);
    assert_eq!(value_of_a_slower_call(builder).await, "SeNtInEl-3");
}

async fn value_of_a_slower_call(builder: ResolverBuilder) -> String {
    let (slow, clock) = (Slow::default(), ManualClock::new());
    let builder = builder.backend(slow.clone()).default_backend("slow");
    let resolver = builder.cache_ttl(Duration::ZERO).clock(&clock).build().unwrap();
    let rotating = Arc::new(Rotating::<String>::new("db").with_resolver(&resolver));
    let mut changes = rotating.changes();
    let first = tokio::spawn({
        let rotating = rotating.clone();
        async move { rotating.current().await.unwrap() }
    });
    while slow.calls.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_secs(1));
    assert_eq!(*rotating.current().await.unwrap(), "SeNtInEl-2");
    assert_eq!(changes.next().await, None);
    slow.go.notify_one();
    let first = first.await.unwrap();
    let waker = Waker::from(Arc::new(Counted));
    let polled = changes.poll_next(&mut TaskContext::from_waker(&waker));
    assert_eq!(
        polled.is_pending(),
        *first == "SeNtInEl-2",
        "the value of the first call is no change"
    );
    first.to_string()
}

/// Returns whether anything still has the first value after the backend fails so and this time has passed.
async fn is_kept(backend: &FakeBackend, after: Duration, failure: ErrorKind) -> bool {
    let clock = ManualClock::new();
    let (_resolver, rotating) = rotating(backend, &clock);
    let value = Arc::downgrade(&rotating.current().await.unwrap());
    backend.fail(failure);
    clock.advance(after);
    assert_eq!(rotating.current().await.unwrap_err().kind(), failure);
    backend.fail(None);
    value.upgrade().is_some()
}

#[tokio::test]
async fn a_value_is_dropped_when_its_source_is_gone_or_denied() {
    let backend = FakeBackend::new("SeNtInEl-1");
    let later = Duration::from_secs(100_000);
    for gone in [ErrorKind::NotFound, ErrorKind::Deleted, ErrorKind::AccessDenied] {
        assert!(!is_kept(&backend, later, gone).await, "{gone}");
    }
    // The server may have the value again.
    assert!(is_kept(&backend, later, ErrorKind::Unavailable).await);
}

#[tokio::test]
async fn a_value_that_has_ended_is_dropped_when_there_is_no_other() {
    let (backend, clock) = (LeasingBackend::new(Duration::from_secs(3000)), ManualClock::new());
    let resolver = backend.builder(&clock).build().unwrap();
    let rotating = Rotating::<String>::new("db").with_resolver(&resolver);
    let value = Arc::downgrade(&rotating.current().await.unwrap());
    backend.lock().is_renewable = false;
    backend.lock().failure = Some(ErrorKind::Unavailable);
    backend.lock().renewals.extend([Err(ErrorKind::NotFound); 9]);
    clock.advance(Duration::from_secs(100_000));
    assert_eq!(rotating.current().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(value.upgrade().is_none(), "its lease is over");
}

#[tokio::test]
async fn a_refused_value_is_dropped_when_its_source_is_gone() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    let (_resolver, rotating) = rotating(&backend, &clock);
    let mut changes = rotating.changes();
    assert_eq!(
        (rotating.current().await.unwrap().as_str(), changes.next().await),
        ("SeNtInEl-1", None)
    );
    backend.fail(ErrorKind::NotFound);
    let work = |_: Arc<String>| async { Err::<(), _>(Failure::Refused) };
    assert_eq!(rotating.with_fresh(work, |_| true).await, Err(Failure::Refused));
    // Although it would still be fresh.
    let error = rotating.current().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // What comes after it is a change.
    backend.fail(None);
    backend.rotate("SeNtInEl-2", Some("v2"));
    assert_eq!(*rotating.current().await.unwrap(), "SeNtInEl-2");
    assert_eq!(changes.next().await.as_deref(), Some("v2"));
}
