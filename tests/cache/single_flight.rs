//! Many callers need one secret at the same time.

use std::{
    task::{Context, Waker},
    time::Duration,
};

use secrets_runtime::ErrorKind;
use secrets_tests::fake_backend::{FakeBackend, declared, read};

const SLOW: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_concurrent_steps_and_one_cold_secret_are_one_request() {
    let backend = FakeBackend::new("SeNtInEl");
    backend.delay(SLOW);
    let resolver = backend.resolver();
    let mut steps = Vec::new();
    for _ in 0..10_000 {
        let resolver = resolver.clone();
        steps.push(tokio::spawn(async move {
            let context = resolver.resolve(&declared(&["db"])).await.unwrap();
            context.secrets.get("db", "db").unwrap().expose_str().unwrap().len()
        }));
    }
    for step in steps {
        assert_eq!(step.await.unwrap(), "SeNtInEl".len());
    }
    assert_eq!(backend.calls(), 1);
}

#[test]
fn so_are_synchronous_ones() {
    let backend = FakeBackend::new("SeNtInEl");
    backend.delay(SLOW);
    let resolver = backend.resolver();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| assert_eq!(read(&resolver, "db").unwrap(), "SeNtInEl"));
        }
    });
    assert_eq!(backend.calls(), 1);
}

#[tokio::test]
async fn a_failure_is_shared_by_all_waiters_and_is_not_cached() {
    let backend = FakeBackend::new("SeNtInEl");
    backend.delay(SLOW);
    backend.fail(ErrorKind::AccessDenied);
    let resolver = backend.resolver();
    let declared = declared(&["db"]);
    let both = tokio::join!(resolver.resolve(&declared), resolver.resolve(&declared));
    assert_eq!(both.0.unwrap_err().kind(), ErrorKind::AccessDenied);
    assert_eq!(both.1.unwrap_err().kind(), ErrorKind::AccessDenied);
    assert_eq!(backend.calls(), 1);
    backend.fail(None);
    assert!(resolver.resolve(&declared).await.is_ok());
    assert_eq!(backend.calls(), 2);
}

#[tokio::test]
async fn the_caller_that_began_a_request_may_be_dropped_while_others_wait() {
    let backend = FakeBackend::new("SeNtInEl");
    backend.delay(SLOW);
    let resolver = backend.resolver();
    let declared = declared(&["db"]);
    let mut first = resolver.resolve(&declared);
    let mut second = resolver.resolve(&declared);
    let mut task = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut task).is_pending());
    assert!(second.as_mut().poll(&mut task).is_pending());
    drop(first);
    assert!(second.await.is_ok());
    assert_eq!(backend.calls(), 1);
}

#[tokio::test]
async fn the_caller_that_began_a_request_may_never_be_polled_again() {
    let backend = FakeBackend::new("SeNtInEl");
    backend.delay(SLOW);
    let resolver = backend.resolver();
    let declared = declared(&["db"]);
    let mut first = resolver.resolve(&declared);
    assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let second = tokio::time::timeout(Duration::from_secs(20), resolver.resolve(&declared));
    assert!(second.await.expect("it does not wait for the first to be polled").is_ok());
    assert_eq!(backend.calls(), 1);
    drop(first);
}

#[tokio::test]
async fn a_request_that_everybody_has_left_is_made_again() {
    let backend = FakeBackend::new("SeNtInEl");
    backend.delay(Duration::from_secs(600));
    let resolver = backend.resolver();
    let declared = declared(&["db"]);
    let mut first = resolver.resolve(&declared);
    assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(first);
    backend.delay(Duration::ZERO);
    assert!(resolver.resolve(&declared).await.is_ok());
    assert_eq!(backend.calls(), 2);
}

#[tokio::test]
async fn a_step_waits_for_what_others_ask_for_and_asks_for_the_rest() {
    let backend = FakeBackend::new("SeNtInEl");
    backend.delay(SLOW);
    let resolver = backend.resolver();
    let (one, more) = (declared(&["a", "b"]), declared(&["c", "b", "d"]));
    let both = tokio::join!(resolver.resolve(&one), resolver.resolve(&more));
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(backend.calls(), 2);
    assert_eq!(backend.last(), ["c", "d"]);
}
