//! `export = "process"` beside other threads, which it refuses, and this library's own, which it stops.

use std::{
    fmt, fs,
    pin::{Pin, pin},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread::JoinHandle,
};

use secrets_runtime::{
    Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, Resolver, backend::on_io_thread,
    secrets, testing::with_secrets,
};

use crate::{
    child::{cases, child},
    exporting_steps::{GIVEN, assert_set, assert_unset, exporting, overriding, refused, var},
};

pub const CASES: &[(&str, fn())] = cases![
    a_second_thread_is_refused,
    a_thread_that_has_just_ended_does_not_count,
    they_stay_if_a_thread_stays,
    a_thread_that_ends_in_the_body_does_not_count,
    threads_and_variables_are_reported_together,
    nothing_to_export_needs_no_thread,
    our_own_timer_is_stopped_and_goes_on,
    our_own_io_thread_is_stopped_and_comes_back,
    an_io_thread_that_works_is_left_alone,
];

/// Cases that other cases start.
pub const HELPERS: &[(&str, fn())] = &[("leave", leave)];

/// A thread that runs until the returned value is dropped.
fn thread() -> (mpsc::Sender<()>, JoinHandle<()>) {
    let (end, ended) = mpsc::channel::<()>();
    (end, std::thread::spawn(move || assert!(ended.recv().is_err())))
}

fn a_second_thread_is_refused() {
    let (end, other) = thread();
    assert_eq!(refused(&GIVEN, exporting), [ErrorKind::NotSupported]);
    let error = with_secrets(GIVEN, || exporting(|| ())).unwrap_err();
    assert_eq!(error.step(), Some("exporting"));
    assert!(error.to_string().contains("it has 2"), "{error}");
    assert!(error.to_string().contains("apply_to"), "{error}");
    assert_unset();
    drop(end);
    other.join().unwrap();
    with_secrets(GIVEN, || exporting(assert_set)).unwrap();
}

fn a_thread_that_has_just_ended_does_not_count() {
    for _ in 0..300 {
        std::thread::spawn(|| ()).join().unwrap();
        with_secrets(GIVEN, || exporting(assert_set)).unwrap();
        assert_unset();
    }
}

fn they_stay_if_a_thread_stays() {
    let output = child("leave").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.lines().count(), 1, "{output}");
    assert!(output.contains("`exporting`") && output.contains("DB_PASSWORD, db_user"), "{output}");
    assert!(!output.contains("SeNtInEl"), "the warning shows a value");
}

fn leave() {
    let mut kept = None;
    with_secrets(GIVEN, || exporting(|| kept = Some(thread()))).unwrap();
    assert_set();
    let (end, other) = kept.unwrap();
    drop(end);
    other.join().unwrap();
}

fn a_thread_that_ends_in_the_body_does_not_count() {
    let overriding = || overriding(|| std::thread::spawn(|| ()).join().unwrap());
    with_secrets([("db", "OTHER", "SeNtInEl")], overriding).unwrap();
    assert_eq!(var("OTHER"), None);
}

fn threads_and_variables_are_reported_together() {
    let (_end, _other) = thread();
    let given = [("db", "HOME", "SeNtInEl")];
    let kinds = [ErrorKind::Collision, ErrorKind::NotSupported];
    assert_eq!(refused(&given, exporting), kinds);
}

fn nothing_to_export_needs_no_thread() {
    let (_end, _other) = thread();
    #[secrets(export = "process")]
    fn bare() -> Result<(), Error> {
        Ok(())
    }
    bare().unwrap();
}

/// Never answers for `never`, at the second poll for the rest.
#[derive(Debug)]
struct Slow;

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a slow place")
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
            if requests.iter().any(|request| request.id() == "never") {
                std::future::pending::<()>().await;
            }
            Again(false).await;
            let fields = || [("SLOW".to_owned(), "SeNtInEl".into())];
            requests.iter().map(|_| Ok(Fetched::fields(fields()))).collect()
        })
    }
}

/// Ready when it is polled again.
struct Again(bool);

impl Future for Again {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        task.waker().wake_by_ref();
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn install_slow() {
    let built = Resolver::builder().backend(Slow).default_backend("slow").build();
    built.and_then(Resolver::install).unwrap();
}

#[secrets(sources = ["slow"], export = "process")]
fn slow(body: impl FnOnce()) -> Result<(), Error> {
    body();
    assert_eq!(var("SLOW").as_deref(), Some("SeNtInEl"));
    Ok(())
}

#[secrets(sources = ["never"])]
async fn never() -> Result<(), Error> {
    Ok(())
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

fn our_own_timer_is_stopped_and_goes_on() {
    install_slow();
    // The fetch of the step itself starts the timer.
    slow(|| ()).unwrap();
    assert_eq!(var("SLOW"), None);
    {
        let mut waiting = pin!(never());
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(threads(), 2, "the timer waits for the backend");
        slow(|| assert_eq!(threads(), 2, "the timer goes on")).unwrap();
        assert_eq!(threads(), 2, "the timer goes on");
    }
    slow(|| ()).unwrap();
    assert_eq!(var("SLOW"), None);
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future.as_mut())
}

fn our_own_io_thread_is_stopped_and_comes_back() {
    for number in 0..20 {
        assert_eq!(block_on(on_io_thread(async move { number })).unwrap(), number);
        assert_eq!(threads(), 2);
        with_secrets(GIVEN, || exporting(|| assert_eq!(threads(), 1))).unwrap();
        assert_unset();
    }
}

fn an_io_thread_that_works_is_left_alone() {
    static END: AtomicBool = AtomicBool::new(false);
    let work = async {
        while !END.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
    };
    let mut working = pin!(on_io_thread(work));
    let mut task = Context::from_waker(Waker::noop());
    assert!(working.as_mut().poll(&mut task).is_pending());
    assert_eq!(refused(&GIVEN, exporting), [ErrorKind::NotSupported]);
    END.store(true, Ordering::Relaxed);
    block_on(working).expect("it was not ended");
    with_secrets(GIVEN, || exporting(assert_set)).unwrap();
}
