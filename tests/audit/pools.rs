//! What is recorded of the credentials of a pool, which every connect reads.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use secrets_runtime::{
    __testing::ManualClock, AuditEvent, AuditSink, Error, ErrorKind, pool::Rotating,
};
use secrets_tests::fake_backend::FakeBackend;

use super::Recorder;

/// A sink that records until it is full.
#[derive(Clone, Default)]
struct Limited {
    recorder: Recorder,
    is_full: Arc<AtomicBool>,
}

impl AuditSink for Limited {
    fn record(&self, event: &AuditEvent) -> Result<(), Error> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unavailable, "the queue is full"));
        }
        self.recorder.record(event)
    }
}

impl Limited {
    /// Returns the events since the last time, without the number of their call, which is one for each call.
    fn take(&self) -> Vec<String> {
        let events = self.recorder.take();
        let name = |event: &serde_json::Value| event["event"].as_str().unwrap().to_owned();
        let origin = |event: &serde_json::Value| event["origin"].as_str().map(str::to_owned);
        let shown = events.iter().map(|it| (name(it), origin(it)));
        shown
            .map(|(name, origin)| origin.map_or(name.clone(), |it| format!("{name} {it}")))
            .collect()
    }
}

/// A value that is fresh for 100 s, and whose reads have to be recorded.
fn pool(backend: &FakeBackend, clock: &ManualClock, log: &Limited) -> Arc<Rotating<String>> {
    let builder = backend.builder().cache_ttl(Duration::from_secs(100)).clock(clock);
    let resolver = builder.audit(log.clone()).audit_required(true).build().unwrap();
    Arc::new(Rotating::new("db").with_resolver(&resolver))
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
async fn each_read_of_the_present_value_is_recorded() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    let log = Limited::default();
    let pool = pool(&backend, &clock, &log);
    pool.current().await.unwrap();
    assert_eq!(log.take(), ["resolved backend", "read"]);
    for _ in 0..3 {
        pool.current().await.unwrap();
        assert_eq!(log.take(), ["resolved cache", "read"]);
    }
    log.is_full.store(true, Ordering::Relaxed);
    assert_eq!(pool.current().await.unwrap_err().kind(), ErrorKind::InvalidConfig);
}

/// A value that another caller has found is recorded for this one too.
#[tokio::test]
async fn the_value_after_a_refused_one_is_recorded() {
    for is_full in [false, true] {
        let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
        let log = Limited::default();
        let pool = pool(&backend, &clock, &log);
        let tried = Mutex::new(Vec::new());
        let work = |value: Arc<String>| {
            tried.lock().unwrap().push(value.to_string());
            let (pool, backend, clock, log) = (&pool, &backend, &clock, &log);
            async move {
                if *value != "SeNtInEl-1" {
                    return Ok(());
                }
                backend.rotate("SeNtInEl-2", None);
                clock.advance(Duration::from_secs(100));
                pool.current().await?;
                log.take();
                log.is_full.store(is_full, Ordering::Relaxed);
                Err(Failure::Refused)
            }
        };
        let outcome = pool.with_fresh(work, |failure| *failure == Failure::Refused).await;
        let tried = tried.lock().unwrap();
        if is_full {
            assert_eq!(outcome, Err(Failure::Secrets(ErrorKind::InvalidConfig)));
            assert_eq!((tried.as_slice(), log.take()), (&["SeNtInEl-1".to_owned()][..], vec![]));
        } else {
            assert_eq!((outcome, tried.len()), (Ok(()), 2));
            assert_eq!(log.take(), ["resolved cache", "read"]);
        }
    }
}

#[tokio::test]
async fn a_value_that_is_fetched_after_a_refusal_is_recorded() {
    let (backend, clock) = (FakeBackend::new("SeNtInEl-1"), ManualClock::new());
    let log = Limited::default();
    let pool = pool(&backend, &clock, &log);
    let work = |value: Arc<String>| {
        backend.rotate("SeNtInEl-2", None);
        async move { if *value == "SeNtInEl-1" { Err(Failure::Refused) } else { Ok(()) } }
    };
    assert_eq!(pool.with_fresh(work, |_| true).await, Ok(()));
    assert_eq!(log.take(), ["resolved backend", "read", "refreshed backend"]);
}
