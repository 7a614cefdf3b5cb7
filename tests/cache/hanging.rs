//! A backend that blocks the thread on which it is polled.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use secrets_runtime::{Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, Resolver};
use secrets_tests::{child, fake_backend::read};

/// Hangs at its first call; a call for `again` reads `again` itself.
#[derive(Debug, Clone, Default)]
struct Hanging {
    calls: Arc<AtomicUsize>,
    resolver: Arc<OnceLock<Resolver>>,
}

impl fmt::Display for Hanging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what hangs")
    }
}

impl Backend for Hanging {
    fn kind(&self) -> &str {
        "hanging"
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            if requests[0].id() == "again" {
                let inner = read(self.resolver.get().unwrap(), "again").unwrap_err();
                return vec![Err(Error::new(inner, "the inner one"))];
            }
            if self.calls.fetch_add(1, Ordering::Relaxed) == 0 {
                thread::sleep(Duration::from_secs(3600));
            }
            vec![Ok(Fetched::text("SeNtInEl"))]
        })
    }
}

/// The process of the test below, with `SECRETS_TIMEOUT` set.
#[test]
fn child_of_the_test_of_hanging() {
    if std::env::var_os("SECRETS_TIMEOUT").is_none() {
        return;
    }
    let hanging = Hanging::default();
    let builder = Resolver::builder().backend(hanging.clone()).default_backend("hanging");
    let resolver = hanging.resolver.get_or_init(|| builder.build().unwrap()).clone();
    let (sender, done) = mpsc::channel();
    let first = resolver.clone();
    thread::spawn(move || read(&first, "db"));
    while hanging.calls.load(Ordering::Relaxed) == 0 {
        thread::yield_now();
    }
    thread::spawn(move || {
        // A caller waits no longer than its deadline, and later callers ask again.
        sender.send(read(&resolver, "db")).unwrap();
        sender.send(read(&resolver, "db")).unwrap();
        sender.send(read(&resolver, "again")).unwrap();
    });
    let next = || done.recv_timeout(Duration::from_secs(20)).expect("it ends");
    assert_eq!(next(), Err(ErrorKind::Timeout));
    assert_eq!(next().as_deref(), Ok("SeNtInEl"));
    assert_eq!(next(), Err(ErrorKind::Timeout));
    println!("it ends as it should");
}

#[test]
fn a_backend_that_blocks_delays_only_the_caller_that_polls_it() {
    let child = child::of_test(module_path!(), "child_of_the_test_of_hanging")
        .env("SECRETS_TIMEOUT", "0.3")
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && out.contains("it ends as it should"), "{out}");
}
