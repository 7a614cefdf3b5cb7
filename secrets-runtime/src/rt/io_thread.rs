//! The thread on which backends run code that needs tokio's reactor, whichever executor the step has.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Builder, Handle},
    task::AbortHandle,
};

use crate::{
    core::error::{Error, ErrorKind},
    rt::process_local::ProcessLocal,
};

/// How long the thread stays when nothing runs on it. Its connections end with it.
const IDLE: Duration = Duration::from_secs(5);

/// How many threads the runtime may have beside it: they look up host names.
const MAX_BLOCKING: usize = 32;

static STATE: ProcessLocal<Mutex<State>> = ProcessLocal::new();

#[derive(Default)]
struct State {
    thread: Option<IoThread>,
    /// How many futures run on it.
    running: usize,
    /// When the last one ended.
    idle_since: Option<Instant>,
}

struct IoThread {
    runtime: Handle,
    /// Ends the future that keeps the thread running.
    stop: AbortHandle,
    handle: JoinHandle<()>,
}

/// Runs a future on this library's I/O thread, which has tokio's reactor and timer.
///
/// It is for backends whose client is built on tokio: a step may run under another executor or under none,
/// and a synchronous step in a current-thread runtime would wait for a reactor that only its own thread
/// drives. The future ends when the returned one is dropped. Tasks that it spawns end with the thread.
/// The thread ends when no future has run on it for a few seconds, and `export = "process"` ends it at once if none
/// runs; the next call starts another. A child of `fork` has a thread of its own.
///
/// ```
/// use secrets_runtime::backend::on_io_thread;
///
/// // No runtime is running here.
/// let waited = futures_lite_block_on(on_io_thread(async {
///     tokio::time::sleep(std::time::Duration::from_millis(1)).await;
///     7
/// }));
/// assert_eq!(waited?, 7);
/// # fn futures_lite_block_on<F: Future>(future: F) -> F::Output {
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
/// # }
/// # Ok::<(), secrets_runtime::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Unavailable`] if the thread cannot be started, or the future panics.
pub async fn on_io_thread<F>(future: F) -> Result<F::Output, Error>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (task, _running) = spawn(future)?;
    let abort = AbortOnDrop(task.abort_handle());
    let output = task.await;
    drop(abort);
    output.map_err(|_| {
        Error::new(ErrorKind::Unavailable, "the backend panicked on the I/O thread")
            .with_help("this is a bug in the backend: it should return an error instead")
    })
}

fn spawn<F>(future: F) -> Result<(tokio::task::JoinHandle<F::Output>, Running), Error>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let mut state = lock();
    let thread = match state.thread.take() {
        Some(thread) => thread,
        None => start()?,
    };
    // Under the lock, so that the thread is not stopped in the meantime.
    let task = thread.runtime.spawn(future);
    state.thread = Some(thread);
    state.running += 1;
    Ok((task, Running))
}

/// Counts a future on the thread until it is dropped.
struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = lock();
        // A child of `fork` may drop a future of its parent.
        state.running = state.running.saturating_sub(1);
        state.idle_since = Some(Instant::now());
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn start() -> Result<IoThread, Error> {
    let failed = |cause: std::io::Error| {
        Error::new(ErrorKind::Unavailable, "the I/O thread cannot be started").with_cause(cause)
    };
    let tokio = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MAX_BLOCKING)
        .thread_keep_alive(Duration::from_secs(1))
        .build()
        .map_err(failed)?;
    let runtime = tokio.handle().clone();
    let until_idle = tokio.spawn(until_idle());
    let stop = until_idle.abort_handle();
    let thread = std::thread::Builder::new().name("secrets-io".to_owned());
    let run = move || {
        // Ends with an error, as cancelled, when the thread is stopped.
        let _ = tokio.block_on(until_idle);
        // Threads that look up host names end too, unless one hangs.
        tokio.shutdown_timeout(Duration::from_secs(1));
    };
    let handle = thread.spawn(run).map_err(failed)?;
    Ok(IoThread { runtime, stop, handle })
}

/// Ends when nothing has run on the thread for a while. Then the next future starts another thread.
async fn until_idle() {
    loop {
        tokio::time::sleep(IDLE).await;
        let mut state = lock();
        let is_idle = state.idle_since.is_some_and(|since| since.elapsed() >= IDLE);
        if state.running == 0 && is_idle {
            state.thread = None;
            return;
        }
    }
}

/// Ends the thread if no future runs on it, and waits until it has ended. It starts again when it is needed.
pub(crate) fn stop() {
    let mut state = lock();
    let here = std::thread::current().id();
    let idle = |thread: &mut IoThread| thread.handle.thread().id() != here;
    if state.running > 0 {
        return;
    }
    let Some(thread) = state.thread.take_if(idle) else { return };
    drop(state);
    thread.stop.abort();
    // It returns nothing, and if it panicked it has ended too.
    let _ = thread.handle.join();
}

fn lock() -> MutexGuard<'static, State> {
    STATE.get().lock().unwrap_or_else(PoisonError::into_inner)
}
