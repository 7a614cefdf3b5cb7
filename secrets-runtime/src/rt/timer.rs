//! Wakes tasks at a time, without any runtime: one thread that lives as long as something waits.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread::JoinHandle,
    time::Instant,
};

use crate::rt::{clock::Clock, process_local::ProcessLocal};

static TIMER: ProcessLocal<Timer> = ProcessLocal::new();

fn timer() -> &'static Timer {
    TIMER.get()
}

#[derive(Default)]
struct Timer {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// By time. The number distinguishes equal times.
    waiting: BTreeMap<(Instant, u64), Waker>,
    next: u64,
    thread: Option<JoinHandle<()>>,
    running: bool,
    stopping: bool,
}

/// Ends the timer's thread and waits until it has ended. Waiting tasks go on after [`resume`], or when
/// another one starts to wait.
pub(crate) fn stop() {
    let mut state = timer().lock();
    let own = state.thread.as_ref().map(|handle| handle.thread().id());
    // Wakers run on the timer's thread, and so may the code that they wake.
    if own == Some(std::thread::current().id()) {
        return;
    }
    let Some(thread) = state.thread.take() else { return };
    state.stopping = true;
    drop(state);
    timer().changed.notify_one();
    // If it panicked, it has ended too.
    let _ = thread.join();
    let mut state = timer().lock();
    state.stopping = false;
    state.running = false;
}

/// Starts the timer's thread if something waits.
pub(crate) fn resume() {
    let mut state = timer().lock();
    if !state.waiting.is_empty() {
        state.start();
    }
}

/// A future that is ready at a time.
#[derive(Debug)]
pub(crate) struct Sleep {
    deadline: Instant,
    number: Option<u64>,
}

impl Sleep {
    pub(crate) fn until(deadline: Instant) -> Self {
        Self { deadline, number: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.deadline {
            return Poll::Ready(());
        }
        let mut state = timer().lock();
        let number = match self.number {
            Some(number) => number,
            None => {
                state.next += 1;
                state.next
            }
        };
        self.number = Some(number);
        let replaced = state.waiting.insert((self.deadline, number), task.waker().clone());
        state.start();
        let first = state.waiting.first_key_value().map(|(key, _)| *key);
        drop(state);
        drop(replaced);
        // A later deadline does not wake the thread, which would otherwise wake for each of many waiters.
        if first == Some((self.deadline, number)) {
            timer().changed.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let mut state = timer().lock();
            let removed = state.waiting.remove(&(self.deadline, number));
            let is_last = state.waiting.is_empty();
            drop(state);
            // Without waiters the thread ends. Otherwise it wakes once at a time at which nothing is due.
            if is_last {
                timer().changed.notify_one();
            }
            drop(removed);
        }
    }
}

/// A future that is ready at a time of a clock, which a test may move.
#[derive(Debug)]
pub(crate) struct ClockSleep {
    at: Instant,
    alarm: Alarm,
}

impl ClockSleep {
    pub(crate) fn until(at: Instant, clock: Clock) -> Self {
        Self { at, alarm: Alarm::new(clock) }
    }
}

impl Future for ClockSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        if self.alarm.clock.now() >= self.at {
            return Poll::Ready(());
        }
        let at = self.at;
        self.alarm.set(at, task.waker());
        Poll::Pending
    }
}

/// Wakes a task at a time, on the timer's thread.
#[derive(Debug)]
pub(crate) struct Alarm {
    /// Where a test moves it, the alarm is the clock's own.
    clock: Clock,
    set: Option<(Instant, u64)>,
}

impl Alarm {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, set: None }
    }

    /// Sets it to a time and unsets any other. If the time has passed, it wakes at once.
    pub(crate) fn set(&mut self, at: Instant, waker: &Waker) {
        if self.clock.set_alarm(at, waker) {
            return;
        }
        if self.set.is_some_and(|(set, number)| {
            set == at && timer().lock().waiting.contains_key(&(at, number))
        }) {
            return;
        }
        self.clear();
        let mut state = timer().lock();
        state.next += 1;
        let number = state.next;
        state.waiting.insert((at, number), waker.clone());
        self.set = Some((at, number));
        state.start();
        drop(state);
        timer().changed.notify_one();
    }

    /// Unsets the time.
    pub(crate) fn clear(&mut self) {
        if let Some(set) = self.set.take() {
            let removed = timer().lock().waiting.remove(&set);
            timer().changed.notify_one();
            drop(removed);
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.clear();
    }
}

impl State {
    fn start(&mut self) {
        if self.running {
            return;
        }
        let thread = std::thread::Builder::new().name("secrets-timer".to_owned());
        // Without a thread there is no timeout, which is better than to have no secret.
        if let Ok(handle) = thread.spawn(|| timer().run()) {
            self.thread = Some(handle);
            self.running = true;
        }
    }
}

impl Timer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            let next = state.waiting.first_key_value().map(|(&(deadline, _), _)| deadline);
            let Some(deadline) = next.filter(|_| !state.stopping) else {
                state.running = false;
                return;
            };
            let now = Instant::now();
            if deadline > now {
                let waited = self.changed.wait_timeout(state, deadline - now);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            if let Some((_, waker)) = state.waiting.pop_first() {
                // Woken outside the lock, since a waker may poll at once.
                drop(state);
                // A panicking waker must not stop the others from being woken.
                let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
                state = self.lock();
            }
        }
    }
}
