//! Threads for blocking work, so that it blocks no executor and needs none. The process has at most
//! [`MAX_THREADS`]. They start when there is work, and end when there is no more.

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    thread::{self, JoinHandle},
};

/// How many threads the process has for all calls together.
const MAX_THREADS: usize = 32;

/// How many items of one call run at the same time. This limits how many requests one step sends to a server
/// at once.
const MAX_OF_ONE_CALL: usize = 8;

static POOL: Pool = Pool::new();

/// Does blocking work on the pool's threads. The results are in the order of the items. `None` stands for
/// work that panicked or could not be started.
///
/// Calls take turns, one item each, so that a long call does not delay a short one. If the future is dropped,
/// items that have not started are dropped too.
pub(crate) async fn on_threads<T, R>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Send + Sync + 'static,
) -> Vec<Option<R>>
where
    T: Send + 'static,
    R: Send + 'static,
{
    POOL.run(items, work).await
}

/// Ends the threads and waits until they have ended, unless one of them has work. They start again when they
/// are needed.
pub(crate) fn stop() {
    POOL.stop();
}

struct Pool(Mutex<State>);

struct State {
    /// The calls with unfinished work. The first one has its turn next.
    calls: VecDeque<Call>,
    last_call: u64,
    /// How many threads work or look for work.
    serving: usize,
    /// How many threads wake a waiter.
    waking: usize,
    /// How many items are being worked on.
    working: usize,
    /// Every thread that has not been joined.
    threads: Vec<JoinHandle<()>>,
}

struct Call {
    id: u64,
    open: VecDeque<Task>,
    working: usize,
}

/// Does the work of one item. It returns a function that stores the result, and returns the waiter's waker if
/// that was the last result.
type Task = Box<dyn FnOnce() -> Publish + Send>;
type Publish = Box<dyn FnOnce() -> Option<Waker>>;

impl Pool {
    const fn new() -> Self {
        Self(Mutex::new(State {
            calls: VecDeque::new(),
            last_call: 0,
            serving: 0,
            waking: 0,
            working: 0,
            threads: Vec::new(),
        }))
    }

    async fn run<T, R>(
        &'static self,
        items: Vec<T>,
        work: impl Fn(T) -> R + Send + Sync + 'static,
    ) -> Vec<Option<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let results = std::iter::repeat_with(|| None).take(items.len()).collect();
        let results = Arc::new(Mutex::new(Results { results, open: items.len(), waker: None }));
        let work = Arc::new(work);
        let task = |(place, item)| -> Task {
            let (work, place) = (work.clone(), Place { results: Some(results.clone()), place });
            Box::new(move || {
                let result = catch_unwind(AssertUnwindSafe(|| work(item))).ok();
                Box::new(move || place.set(result))
            })
        };
        let tasks = items.into_iter().enumerate().map(task).collect();
        let _cancel = CancelOnDrop { pool: self, call: self.start(tasks) };
        std::future::poll_fn(|waiter| {
            let mut results = lock(&results);
            if results.open == 0 {
                return Poll::Ready(std::mem::take(&mut results.results));
            }
            results.waker = Some(waiter.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Adds a call, and starts threads for it. Returns the call's number.
    fn start(&'static self, open: VecDeque<Task>) -> u64 {
        let mut state = lock(&self.0);
        state.last_call += 1;
        let id = state.last_call;
        let wanted = open.len().min(MAX_OF_ONE_CALL);
        if wanted == 0 {
            return id;
        }
        state.calls.push_back(Call { id, open, working: 0 });
        for _ in 0..wanted {
            if state.has_room() || state.serving == 0 {
                self.add_thread(&mut state);
            }
        }
        // If the system cannot start a thread, the work is dropped, and its results are `None`.
        let lost = if state.serving == 0 { state.calls.pop_back() } else { None };
        drop(state);
        drop(lost);
        id
    }

    fn add_thread(&'static self, state: &mut State) {
        let thread = thread::Builder::new().name("secrets-http".to_owned());
        if let Ok(thread) = thread.spawn(|| self.serve()) {
            state.serving += 1;
            state.threads.push(thread);
        }
    }

    /// The main loop of a thread.
    fn serve(&'static self) {
        loop {
            let mut state = lock(&self.0);
            let Some((call, task)) = state.take() else {
                state.serving -= 1;
                return;
            };
            drop(state);
            let publish = task();
            // Counted before the result is published: the caller that gets it may stop the threads.
            lock(&self.0).done(call);
            let Some(waker) = publish() else { continue };
            if !self.wake(waker) {
                return;
            }
        }
    }

    /// Wakes a waiter. Returns whether this thread goes on.
    ///
    /// The woken code may run on this very thread, and wait here for another call. So if this was the last
    /// thread that did work, another one takes over, even beyond [`MAX_THREADS`].
    fn wake(&'static self, waker: Waker) -> bool {
        let mut state = lock(&self.0);
        state.serving -= 1;
        state.waking += 1;
        if state.serving == 0 && state.has_work() {
            self.add_thread(&mut state);
        }
        drop(state);
        // A panicking waker must not end the thread's work for others.
        let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        let mut state = lock(&self.0);
        state.waking -= 1;
        let goes_on = state.has_room() && state.has_work();
        state.serving += usize::from(goes_on);
        goes_on
    }

    fn cancel(&self, call: u64) {
        let mut state = lock(&self.0);
        let place = state.calls.iter().position(|known| known.id == call);
        // Items that have started are finished. The others are dropped, outside the lock.
        let dropped = place.and_then(|place| state.calls.remove(place));
        let ended: Vec<_> = state.threads.extract_if(.., |thread| thread.is_finished()).collect();
        drop(state);
        drop(dropped);
        join(ended);
    }

    fn stop(&self) {
        let mut state = lock(&self.0);
        let here = thread::current().id();
        if state.working > 0
            || state.has_work()
            || state.threads.iter().any(|thread| thread.thread().id() == here)
        {
            return;
        }
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        // The threads find no work and end.
        join(threads);
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.serving + self.waking < MAX_THREADS
    }

    fn has_work(&self) -> bool {
        self.calls.iter().any(Call::has_turn)
    }

    /// Takes an item of the call whose turn it is.
    fn take(&mut self) -> Option<(u64, Task)> {
        let place = self.calls.iter().position(Call::has_turn)?;
        let mut call = self.calls.remove(place)?;
        let task = call.open.pop_front()?;
        let id = call.id;
        call.working += 1;
        self.working += 1;
        self.calls.push_back(call);
        Some((id, task))
    }

    /// Records that an item of a call is done.
    fn done(&mut self, call: u64) {
        self.working -= 1;
        // A cancelled call is no longer in the list.
        let Some(place) = self.calls.iter().position(|known| known.id == call) else { return };
        let call = &mut self.calls[place];
        call.working -= 1;
        if call.working == 0 && call.open.is_empty() {
            self.calls.remove(place);
        }
    }
}

impl Call {
    fn has_turn(&self) -> bool {
        self.working < MAX_OF_ONE_CALL && !self.open.is_empty()
    }
}

struct Results<R> {
    results: Vec<Option<R>>,
    /// How many results are still missing.
    open: usize,
    waker: Option<Waker>,
}

/// The slot of one result. If it is dropped without a result, the result is `None`.
struct Place<R> {
    results: Option<Arc<Mutex<Results<R>>>>,
    place: usize,
}

impl<R> Place<R> {
    /// Stores the result. Returns the waiter's waker if it is the last one.
    fn set(mut self, result: Option<R>) -> Option<Waker> {
        self.close(result)
    }

    fn close(&mut self, result: Option<R>) -> Option<Waker> {
        let results = self.results.take()?;
        let mut results = lock(&results);
        results.results[self.place] = result;
        results.open -= 1;
        if results.open == 0 { results.waker.take() } else { None }
    }
}

impl<R> Drop for Place<R> {
    fn drop(&mut self) {
        if let Some(waker) = self.close(None) {
            waker.wake();
        }
    }
}

struct CancelOnDrop {
    pool: &'static Pool,
    call: u64,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.pool.cancel(self.call);
    }
}

fn join(threads: Vec<JoinHandle<()>>) {
    // A thread that panicked has ended too.
    threads.into_iter().for_each(|thread| drop(thread.join()));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
