//! Backends, wakers and threads that behave as badly as they can.

use std::{
    cell::RefCell,
    fmt,
    pin::Pin,
    process::Output,
    sync::{Arc, Condvar, Mutex, mpsc},
    task::{Context as Task, Poll, Wake, Waker},
    time::Duration,
};

use secrets_runtime::{
    Backend, BoxFuture, Declaration, Error, ErrorKind, FetchRequest, Fetched, Resolver,
    current_context, testing, try_current_context,
};
use secrets_tests::child;

type Answers = Vec<Result<Fetched, Error>>;
type Fetch = fn(&[FetchRequest<'_>]) -> BoxFuture<'static, Answers>;

/// A backend with a name and a function that answers.
struct Scripted(&'static str, Fetch);

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Backend for Scripted {
    fn kind(&self) -> &str {
        self.0
    }

    fn fetch<'a>(&'a self, requests: &'a [FetchRequest<'a>]) -> BoxFuture<'a, Answers> {
        (self.1)(requests)
    }
}

fn declaration(sources: &[(&str, &str)]) -> Declaration {
    let mut builder = Declaration::builder("step");
    for (backend, id) in sources {
        builder = builder.source(&format!(r#"{{"id": "{id}", "type": "{backend}"}}"#)).unwrap();
    }
    builder.build()
}

/// Runs a test of this file in a process of its own, with a variable set.
fn run_alone(test: &str, variable: (&str, &str)) -> Output {
    child::of_test(module_path!(), test).env(variable.0, variable.1).output().unwrap()
}

struct PanicsWhenDropped(Option<Answers>);

impl Future for PanicsWhenDropped {
    type Output = Answers;
    fn poll(mut self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Answers> {
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("in a drop");
        }
    }
}

#[test]
fn a_backends_future_that_panics_when_it_is_dropped() {
    let ready =
        Scripted("ready", |_| Box::pin(PanicsWhenDropped(Some(vec![Ok(Fetched::text("x"))]))));
    let pending = Scripted("pending", |_| Box::pin(PanicsWhenDropped(None)));
    let resolver = Resolver::builder().backend(ready).backend(pending).build().unwrap();
    let error = resolver.resolve_blocking(&declaration(&[("ready", "a")])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    // Given up half-way.
    let declared = declaration(&[("pending", "a")]);
    let mut future = resolver.resolve(&declared);
    assert!(future.as_mut().poll(&mut Task::from_waker(Waker::noop())).is_pending());
    drop(future);
}

/// Set once the other backend of the next test has been woken.
static WOKEN: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

#[test]
fn a_wake_up_is_not_lost_to_a_backend_that_parks_its_thread() {
    // The first is ready at its second poll, and woken during the poll of the second, which takes whatever
    // token the thread has.
    let soon = Scripted("soon", |_| {
        let mut polled = false;
        Box::pin(std::future::poll_fn(move |task| {
            if std::mem::replace(&mut polled, true) {
                return Poll::Ready(vec![Ok(Fetched::text("x"))]);
            }
            let waker = task.waker().clone();
            std::thread::spawn(move || {
                waker.wake();
                *WOKEN.0.lock().unwrap() = true;
                WOKEN.1.notify_all();
            });
            Poll::Pending
        }))
    });
    let parks = Scripted("parks", |_| {
        Box::pin(std::future::poll_fn(|_| {
            drop(WOKEN.1.wait_while(WOKEN.0.lock().unwrap(), |woken| !*woken).unwrap());
            std::thread::park();
            Poll::Ready(vec![Ok(Fetched::text("y"))])
        }))
    });
    let resolver = Resolver::builder().backend(soon).backend(parks).build().unwrap();
    let declared = declaration(&[("soon", "a"), ("parks", "b")]);
    // A lost wake-up is found again when the time of the step is over, after 30 s: the answer comes then too, so
    // that only waiting for less tells the two apart.
    let (done, waiting) = mpsc::channel();
    std::thread::spawn(move || done.send(resolver.resolve_blocking(&declared).is_ok()));
    let answered = waiting.recv_timeout(Duration::from_secs(20));
    assert_eq!(answered, Ok(true), "the wake-up was lost");
}

struct PanickingWaker;

impl Wake for PanickingWaker {
    fn wake(self: Arc<Self>) {
        panic!("in a waker");
    }
}

#[test]
fn child_with_a_waker_that_panics() {
    if std::env::var_os("SECRETS_TIMEOUT").is_none() {
        return;
    }
    let never = Scripted("never", |_| Box::pin(std::future::pending()));
    let resolver = Resolver::builder().backend(never).build().unwrap();
    let declared = declaration(&[("never", "a")]);
    let waker = Waker::from(Arc::new(PanickingWaker));
    let mut future = resolver.resolve(&declared);
    assert!(future.as_mut().poll(&mut Task::from_waker(&waker)).is_pending());
    // By its own timeout the timer has woken the first waker too.
    let (resolver, declared) = (resolver.clone(), declared.clone());
    let (done, waiting) = mpsc::channel();
    std::thread::spawn(move || done.send(resolver.resolve_blocking(&declared).is_err()));
    let error = waiting.recv_timeout(Duration::from_secs(20)).expect("the timer still runs");
    println!("timed out as it should: {error}");
}

#[test]
fn a_waker_that_panics_does_not_end_the_timer() {
    let output = run_alone("child_with_a_waker_that_panics", ("SECRETS_TIMEOUT", "0.1"));
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && out.contains("timed out as it should: true"), "{out}");
}

type Late = RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>;

thread_local! {
    static LATE: Late = const { RefCell::new(None) };
}

#[test]
fn child_with_a_thread_that_ends() {
    if std::env::var_os("LATE_DROP").is_none() {
        return;
    }
    let thread = std::thread::spawn(|| {
        // It is registered first, so it ends after the stack of contexts.
        LATE.with(|late| drop(late.borrow()));
        testing::with_secrets([("db", "password", "x")], || {
            let scoped = current_context().scope(std::future::pending::<()>());
            LATE.with(|late| *late.borrow_mut() = Some(Box::pin(scoped)));
        });
    });
    thread.join().unwrap();
    println!("survived");
}

#[test]
fn a_scoped_future_may_be_dropped_while_its_thread_ends() {
    let output = run_alone("child_with_a_thread_that_ends", ("LATE_DROP", "1"));
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && out.contains("survived"), "{out}");
}

#[test]
fn a_backend_sees_no_step() {
    let spy = Scripted("spy", |requests| {
        let seen = try_current_context().is_some();
        let count = requests.len();
        Box::pin(async move {
            let seen = seen || try_current_context().is_some();
            vec![Ok(Fetched::text(seen.to_string())); count]
        })
    });
    let resolver = Resolver::builder().backend(spy).build().unwrap();
    let outer = resolver.resolve_blocking(&declaration(&[("env", "PATH")])).unwrap();
    let _entered = outer.enter();
    let inner = resolver.resolve_blocking(&declaration(&[("spy", "a")])).unwrap();
    assert_eq!(inner.secrets.get("a", "a").unwrap().expose_str().unwrap(), "false");
    assert!(current_context().secrets.get("PATH", "PATH").is_ok());
}

#[test]
fn two_sources_of_one_id_that_a_backend_tells_apart_by_their_options() {
    let by_options = Scripted("by-options", |requests| {
        let name = |r: &FetchRequest<'_>| r.options().env_var_name.clone().unwrap_or_default();
        let answers: Answers = requests.iter().map(|r| Ok(Fetched::text(name(r)))).collect();
        Box::pin(std::future::ready(answers))
    });
    let resolver = Resolver::builder().backend(by_options).build().unwrap();
    let source = |name: &str| {
        format!(
            r#"{{"id": "x", "type": "by-options", "group": "{name}", "options": {{"env_var_name": "{name}"}}}}"#
        )
    };
    let declared = Declaration::builder("step").source(&source("ONE")).unwrap();
    let declared = declared.source(&source("TWO")).unwrap().build();
    let secrets = resolver.resolve_blocking(&declared).unwrap().secrets;
    for name in ["ONE", "TWO"] {
        assert_eq!(secrets.get(name, name).unwrap().expose_str().unwrap(), name);
    }
}

#[test]
fn two_requests_that_become_one_variable() {
    let resolver = Resolver::builder().default_backend("env").build().unwrap();
    let declared = Declaration::builder("step").request("a-b", "c").unwrap();
    let declared = declared.request("a.b", "c").unwrap().build();
    let error = resolver.resolve_blocking(&declared).unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds, [ErrorKind::Ambiguous, ErrorKind::Ambiguous], "{error}");
}

#[test]
fn foreign_texts_are_escaped_before_they_reach_the_terminal() {
    let error = Error::new(ErrorKind::Other, "a\u{1b}[2J\nb")
        .with_help("c\u{202e}d")
        .about("e\u{7}f", None);
    let text = format!("{error} {error:?} {:?}", error.problems());
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{}", text.escape_debug());
    assert_eq!(error.problems()[0].message(), "a\\u{1b}[2J\\nb");
}
