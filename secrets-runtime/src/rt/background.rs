//! Futures that no step waits for. A thread of this library polls them when there is something to do, so that they go on
//! while a program has no executor, or blocks all of its threads.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    process,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::rt::process_local::ProcessLocal;

/// How many threads poll at the same time: one future that blocks its thread does not hold up all others.
const MAX_THREADS: usize = 4;

/// How long [`stop`] waits for a poll to end.
const PATIENCE: Duration = Duration::from_secs(1);

static BACKGROUND: ProcessLocal<Background> = ProcessLocal::new();

#[derive(Default)]
struct Background {
    state: Mutex<State>,
    /// A thread has ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    /// What is to be polled.
    woken: VecDeque<Arc<Task>>,
    /// How many threads poll. Each ends when there is nothing to poll.
    running: usize,
    threads: Vec<JoinHandle<()>>,
    is_stopped: bool,
}

/// Polls a future in the background until it is ready. A child of `fork` does not go on with the futures of its parent.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    let task = Task {
        process: process::id(),
        future: Mutex::new(Some(Box::pin(future))),
        is_woken: AtomicBool::new(false),
    };
    Arc::new(task).wake();
}

/// Ends the threads and waits until they have ended. Nothing is polled until [`resume`].
pub(crate) fn stop() {
    let background = BACKGROUND.get();
    let mut state = background.lock();
    let here = thread::current().id();
    if state.threads.iter().any(|known| known.thread().id() == here) {
        return;
    }
    state.is_stopped = true;
    let waited = background.ended.wait_timeout_while(state, PATIENCE, |state| state.running > 0);
    let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
    if state.running > 0 {
        return;
    }
    let threads = std::mem::take(&mut state.threads);
    drop(state);
    // They return nothing, and a panic of a future is caught.
    threads.into_iter().for_each(|ended| drop(ended.join()));
}

/// Goes on after [`stop`].
pub(crate) fn resume() {
    let mut state = BACKGROUND.get().lock();
    state.is_stopped = false;
    state.start();
}

/// Waits until nothing is left to poll, for a test that moves a clock.
#[cfg(any(test, feature = "conformance"))]
pub(crate) fn wait_until_idle() {
    let background = BACKGROUND.get();
    let state = background.lock();
    let here = thread::current().id();
    if state.threads.iter().any(|known| known.thread().id() == here) {
        return;
    }
    let patience = Duration::from_secs(10);
    let is_busy = |state: &mut State| state.running > 0 || !state.woken.is_empty();
    drop(background.ended.wait_timeout_while(state, patience, is_busy));
}

struct Task {
    process: u32,
    /// `None` when it is over.
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    is_woken: AtomicBool,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if self.process != process::id() || self.is_woken.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut state = BACKGROUND.get().lock();
        state.woken.push_back(self);
        state.start();
    }
}

impl Task {
    fn poll(self: Arc<Self>) {
        // Before the poll: what happens from then on wakes it again.
        self.is_woken.store(false, Ordering::Release);
        let waker = Waker::from(self.clone());
        let mut future = self.future.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = future.as_mut() else { return };
        let mut task = Context::from_waker(&waker);
        let poll = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(&mut task)));
        if poll.is_ok_and(|poll| poll.is_pending()) {
            return;
        }
        let ended = future.take();
        drop(future);
        // Its destructors may panic too.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(ended)));
    }
}

impl State {
    fn start(&mut self) {
        if self.is_stopped || self.woken.is_empty() || self.running >= MAX_THREADS {
            return;
        }
        self.threads.retain(|known| !known.is_finished());
        let builder = thread::Builder::new().name("secrets-background".to_owned());
        // Without a thread leases are not renewed, and end at their time.
        if let Ok(handle) = builder.spawn(|| BACKGROUND.get().run()) {
            self.running += 1;
            self.threads.push(handle);
        }
    }
}

impl Background {
    fn run(&self) {
        let mut state = self.lock();
        while !state.is_stopped
            && let Some(task) = state.woken.pop_front()
        {
            drop(state);
            task.poll();
            state = self.lock();
        }
        state.running -= 1;
        self.ended.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        sync::mpsc::{Receiver, channel},
        task::Poll,
    };

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// A future that sends its waker at its first poll, and a number at its second.
    fn waiting() -> (impl Future<Output = ()> + Send, Receiver<Waker>, Receiver<u8>) {
        let (wakers, waker) = channel();
        let (numbers, number) = channel();
        let mut is_polled = false;
        let future = poll_fn(move |task| {
            if std::mem::replace(&mut is_polled, true) {
                let _ = numbers.send(7);
                return Poll::Ready(());
            }
            let _ = wakers.send(task.waker().clone());
            Poll::Pending
        });
        (future, waker, number)
    }

    #[test]
    fn a_future_is_polled_when_it_is_woken_and_a_panic_ends_it_alone() {
        spawn(async { panic!("a mistake") });
        let (future, waker, number) = waiting();
        spawn(future);
        let waker = waker.recv_timeout(LONG).expect("it is polled");
        waker.wake_by_ref();
        assert_eq!(number.recv_timeout(LONG), Ok(7));
        waker.wake();
        wait_until_idle();

        // Nothing is polled while it is stopped.
        stop();
        let (future, waker, _number) = waiting();
        spawn(future);
        assert!(BACKGROUND.get().lock().threads.is_empty());
        assert!(waker.try_recv().is_err());
        resume();
        assert!(waker.recv_timeout(LONG).is_ok());
    }

    #[test]
    fn a_future_that_blocks_does_not_hold_up_another() {
        let (release, blocked) = channel::<()>();
        spawn(async move {
            let _ = blocked.recv_timeout(LONG);
        });
        let (future, waker, number) = waiting();
        spawn(future);
        waker.recv_timeout(LONG).expect("it is polled").wake();
        assert_eq!(number.recv_timeout(LONG), Ok(7));
        drop(release);
    }
}
