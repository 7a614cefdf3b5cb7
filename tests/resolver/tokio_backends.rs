//! A backend that is built on tokio works wherever a step waits for it.

use std::{
    fmt,
    future::poll_fn,
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    ops::ControlFlow,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use secrets_runtime::{
    Backend, BoxFuture, Capabilities, Declaration, Error, ErrorKind, FetchRequest, Fetched,
    Payload, Resolver, Store,
    backend::{self, SecretChange},
};

/// A backend whose secrets are what a server writes into each connection. Without a reactor tokio panics in it.
#[derive(Debug, Clone)]
struct Remote {
    address: SocketAddr,
    capabilities: Capabilities,
    /// How many connections it has begun.
    calls: Arc<AtomicUsize>,
}

/// The server's side: each connection is answered when it is told to.
struct Server(TcpListener);

impl Server {
    fn start() -> (Self, Remote) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let capabilities = Capabilities::new().needs_tokio(true);
        (Self(listener), Remote { address, capabilities, calls: Arc::default() })
    }

    fn accept(&self) -> TcpStream {
        self.0.accept().unwrap().0
    }

    /// Answers every connection, for as long as the process lives.
    fn answer_all(self, value: &'static str) {
        thread::spawn(move || {
            loop {
                self.accept().write_all(value.as_bytes()).unwrap();
            }
        });
    }
}

impl Remote {
    async fn read(&self) -> Result<Fetched, Error> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let failed = |cause| Error::new(ErrorKind::Unavailable, "no connection").with_cause(cause);
        let read = async {
            let stream = tokio::net::TcpStream::connect(self.address).await?;
            loop {
                stream.readable().await?;
                let mut buffer = [0; 64];
                match stream.try_read(&mut buffer) {
                    Ok(read) => return Ok(buffer[..read].to_vec()),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        };
        let read = tokio::time::timeout(Duration::from_secs(60), read).await;
        Ok(Fetched::text(read.unwrap_or_else(|late| Err(late.into())).map_err(failed)?))
    }

    fn resolver(self) -> Resolver {
        Resolver::builder().backend(self).default_backend("remote").build().unwrap()
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the test's server")
    }
}

impl Backend for Remote {
    fn kind(&self) -> &str {
        "remote"
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let mut answers = Vec::new();
            for _ in requests {
                answers.push(self.read().await);
            }
            answers
        })
    }

    fn as_store(&self) -> Option<&dyn Store> {
        Some(self)
    }
}

impl Store for Remote {
    fn put<'a>(&'a self, _: &'a str, _: Payload) -> BoxFuture<'a, Result<String, Error>> {
        Box::pin(async { self.read().await.map(|_| "1".to_owned()) })
    }

    fn delete<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async { self.read().await.map(|_| true) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        Box::pin(async { self.read().await.map(|_| vec!["a".to_owned(), "b".to_owned()]) })
    }

    fn versions<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async { self.read().await.map(|_| vec!["1".to_owned()]) })
    }
}

fn declared() -> Declaration {
    Declaration::builder("step").source("db").unwrap().build()
}

#[track_caller]
fn assert_is(context: &secrets_runtime::Context, value: &str) {
    let found = context.secrets.get("db", "db").unwrap();
    assert!(found.expose_str().is_ok_and(|found| found == value));
}

fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Polls a future to its end on this thread, with nothing else around it.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn it_works_without_a_runtime() {
    let (server, remote) = Server::start();
    server.answer_all("SeNtInEl");
    assert_is(&remote.clone().resolver().resolve_blocking(&declared()).unwrap(), "SeNtInEl");
    assert_is(&block_on(remote.resolver().resolve(&declared())).unwrap(), "SeNtInEl");
}

#[test]
fn it_works_in_a_runtime_whose_only_thread_is_blocked() {
    let (server, remote) = Server::start();
    server.answer_all("SeNtInEl");
    // The runtime has no reactor of its own; with one, nobody would drive it.
    let context = current_thread().block_on(async {
        let blocked = remote.clone().resolver().resolve_blocking(&declared()).unwrap();
        assert_is(&blocked, "SeNtInEl");
        remote.resolver().resolve(&declared()).await.unwrap()
    });
    assert_is(&context, "SeNtInEl");
}

#[test]
fn two_wait_for_one_answer_of_whom_one_has_no_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for outside_is_first in [true, false] {
        let (server, remote) = Server::start();
        let (resolver, declaration) = (remote.clone().resolver(), declared());
        let mut outside = resolver.resolve(&declaration);
        let mut inside = resolver.resolve(&declaration);
        let mut poll_outside = || {
            let mut nobody = Context::from_waker(Waker::noop());
            assert!(outside.as_mut().poll(&mut nobody).is_pending());
        };
        if outside_is_first {
            poll_outside();
        }
        runtime.block_on(poll_fn(|task| {
            assert!(inside.as_mut().poll(task).is_pending());
            Poll::Ready(())
        }));
        poll_outside();
        server.accept().write_all(b"SeNtInEl").unwrap();
        assert_is(&block_on(outside).unwrap(), "SeNtInEl");
        assert_is(&runtime.block_on(inside).unwrap(), "SeNtInEl");
        assert_eq!(remote.calls.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn looking_whether_it_is_there_works_too() {
    let (server, remote) = Server::start();
    server.answer_all("SeNtInEl");
    let level = secrets_runtime::ValidationLevel::SecretExists;
    assert!(remote.resolver().validate_blocking(level, &declared()).is_ok());
}

#[test]
fn a_store_works_without_a_runtime_and_the_next_step_reads_what_was_written() {
    let (server, remote) = Server::start();
    server.answer_all("SeNtInEl");
    let resolver = remote.clone().resolver();
    let store = resolver.store("remote").unwrap();
    let calls = |expected: usize| {
        resolver.resolve_blocking(&declared()).unwrap();
        assert_eq!(remote.calls.swap(0, Ordering::Relaxed), expected);
    };
    calls(1);
    calls(0);
    assert_eq!(block_on(store.put("db", Payload::Text("x".into()))).unwrap(), "1");
    calls(2);
    calls(0);
    assert!(block_on(store.delete("db")).unwrap());
    calls(2);
    assert_eq!(block_on(store.list()).unwrap(), ["a", "b"]);
    let mut first = Vec::new();
    let mut each = |id| {
        first.push(id);
        ControlFlow::Break(())
    };
    block_on(store.list_each(&mut each)).unwrap();
    assert_eq!(first, ["a"]);
    assert_eq!(block_on(store.versions("db")).unwrap(), ["1"]);
    assert_eq!(block_on(store.version("db")).unwrap().as_deref(), Some("1"));
    let replace = |version: &str| {
        let (id, version) = ("db".to_owned(), version.to_owned());
        vec![SecretChange::Replace { id, version, payload: Payload::Text("x".into()) }]
    };
    assert_eq!(block_on(store.update(replace("1"))).unwrap(), [Some("1".to_owned())]);
    calls(7);
    let refused = block_on(store.update(replace("0"))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let refused = block_on(store.create("db", Payload::Text("x".into()))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidName);
}

#[test]
fn one_that_panics_is_unavailable() {
    let panics = backend::from_fn("panics", |_| async { panic!("on the I/O thread") })
        .with_capabilities(Capabilities::new().needs_tokio(true));
    let resolver = Resolver::builder().backend(panics).default_backend("panics").build().unwrap();
    let error = resolver.resolve_blocking(&declared()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn one_that_does_not_say_so_is_told_to() {
    let (_server, remote) = Server::start();
    let silent = Remote { capabilities: Capabilities::new(), ..remote.clone() };
    let error = silent.resolver().resolve_blocking(&declared()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let help = error.problems()[0].help().unwrap_or_default();
    assert!(help.contains("Capabilities::needs_tokio"), "{help}");
    // One that says it needs none is not bothered.
    let sure = Remote { capabilities: Capabilities::new().needs_tokio(false), ..remote };
    let error = sure.resolver().resolve_blocking(&declared()).unwrap_err();
    assert!(!error.to_string().contains("tokio"), "{error}");
}

#[test]
fn the_requests_of_a_closure_are_made_at_the_same_time() {
    // Each waits for the other.
    let barrier = Arc::new(tokio::sync::Barrier::new(2));
    let both = backend::from_fn("both", move |request| {
        let barrier = barrier.clone();
        async move {
            barrier.wait().await;
            Ok(Fetched::text(format!("SeNtInEl-{}", request.id())))
        }
    });
    let resolver = Resolver::builder().backend(both).default_backend("both").build().unwrap();
    let declaration = Declaration::builder("step").sources(["db", "api"]).unwrap().build();
    assert_is(&resolver.resolve_blocking(&declaration).unwrap(), "SeNtInEl-db");
}
