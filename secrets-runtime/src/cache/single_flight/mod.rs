//! One call for which several steps wait.

#[cfg(all(test, loom))]
mod loom_tests;

#[cfg(not(all(test, loom)))]
use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering, fence},
};
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, PoisonError, TryLockError},
    task::{Context, Poll, Wake, Waker},
    time::Instant,
};

#[cfg(all(test, loom))]
use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering, fence},
};

use crate::{backend::BoxFuture, rt::timer::Sleep};

/// A running call, and its outcome. Each waiter may poll it, and none owns it. So it continues if some waiters are
/// dropped or stop polling.
pub(super) struct InFlight<T> {
    /// Identifies the call in its cache.
    number: u64,
    stage: Mutex<Stage<T>>,
    wakers: Arc<Wakers>,
}

enum Stage<T> {
    Running(BoxFuture<'static, T>),
    Completed(T),
}

impl<T> InFlight<T> {
    /// Returns a ticket for a new waiter.
    fn ticket(&self) -> u64 {
        let mut waiting = self.wakers.lock();
        waiting.tickets += 1;
        waiting.tickets
    }

    /// Removes the waiter with this ticket.
    fn leave(&self, ticket: u64) {
        let waker = self.wakers.lock().wakers.remove(&ticket);
        drop(waker);
    }
}

impl<T: Clone> InFlight<T> {
    pub(super) fn new(number: u64, call: BoxFuture<'static, T>) -> Self {
        let wakers = Wakers {
            waiting: Mutex::new(Waiters::default()),
            woken: AtomicBool::new(true),
            contended: AtomicBool::new(false),
        };
        Self { number, stage: Mutex::new(Stage::Running(call)), wakers: Arc::new(wakers) }
    }

    /// Waits for the end of the call, or until the deadline.
    pub(super) fn wait(self: Arc<Self>, deadline: Instant) -> Waiter<T> {
        Waiter { ticket: self.ticket(), flight: self, sleep: Sleep::until(deadline) }
    }

    /// Polls the call for the waiter with this ticket, which is woken when there is more to do.
    fn poll(&self, ticket: u64, task: &Context<'_>) -> Poll<T> {
        // Before the call is polled, so that no later wake-up is missed.
        let before = self.wakers.lock().wakers.insert(ticket, task.waker().clone());
        drop(before);
        let Some(stage) = self.try_lock() else { return Poll::Pending };
        let (poll, has_ended) = self.advance(stage);
        // Woken after the lock: a waker may poll at once.
        if has_ended || self.must_wake_others(poll.is_ready()) {
            self.wakers.wake_all();
        }
        poll
    }

    /// Whether a waiter found the lock taken although it was woken or the call had ended. Other waiters are not woken,
    /// or each group would wake the next one.
    fn must_wake_others(&self, is_ready: bool) -> bool {
        // Between the unlocking and this check; its other half is in `try_lock`.
        fence(Ordering::SeqCst);
        self.wakers.contended.swap(false, Ordering::AcqRel)
            && (is_ready || self.wakers.woken.load(Ordering::Acquire))
    }

    /// Polls the call if it was woken since the last poll. The flag says whether the call has ended in this poll.
    fn advance(&self, mut stage: MutexGuard<'_, Stage<T>>) -> (Poll<T>, bool) {
        let call = match &mut *stage {
            Stage::Completed(outcome) => return (Poll::Ready(outcome.clone()), false),
            Stage::Running(call) => call,
        };
        if !self.wakers.woken.swap(false, Ordering::AcqRel) {
            return (Poll::Pending, false);
        }
        let waker = Waker::from(self.wakers.clone());
        match call.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => (Poll::Pending, false),
            Poll::Ready(outcome) => {
                let ended = std::mem::replace(&mut *stage, Stage::Completed(outcome.clone()));
                drop(stage);
                drop(ended);
                (Poll::Ready(outcome), true)
            }
        }
    }

    /// `None` while another waiter polls the call, which then wakes all waiters if there is more to do.
    fn try_lock(&self) -> Option<MutexGuard<'_, Stage<T>>> {
        for _ in 0..2 {
            match self.stage.try_lock() {
                Ok(stage) => return Some(stage),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                // Tried again after the flag is set: the other waiter may just have checked it.
                Err(TryLockError::WouldBlock) => {
                    self.wakers.contended.swap(true, Ordering::AcqRel);
                    fence(Ordering::SeqCst);
                }
            }
        }
        None
    }
}

/// Wakes the waiters.
struct Wakers {
    waiting: Mutex<Waiters>,
    /// The call is to be polled.
    woken: AtomicBool,
    /// A waiter found the lock taken.
    contended: AtomicBool,
}

#[derive(Default)]
struct Waiters {
    /// The wakers by ticket: in the order in which the waiters came.
    wakers: BTreeMap<u64, Waker>,
    /// The number of tickets so far.
    tickets: u64,
}

impl Wakers {
    fn wake_all(&self) {
        let waiting = std::mem::take(&mut self.lock().wakers);
        for waker in waiting.into_values() {
            // A waker that panics must not stop the others from being woken.
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // A swap as everywhere: each change of the flag takes over what the one before it has published.
        self.woken.swap(true, Ordering::AcqRel);
        self.wake_all();
    }
}

/// Waits for a call. Returns its number and its outcome, which is `None` if the call has not ended at the deadline.
pub(super) struct Waiter<T> {
    flight: Arc<InFlight<T>>,
    ticket: u64,
    /// The call has a deadline too, but it is checked when the call is polled: not while a backend blocks the thread
    /// that polls it.
    sleep: Sleep,
}

impl<T: Clone> Future for Waiter<T> {
    type Output = (u64, Option<T>);

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let number = self.flight.number;
        match self.flight.poll(self.ticket, task) {
            Poll::Ready(outcome) => Poll::Ready((number, Some(outcome))),
            Poll::Pending => Pin::new(&mut self.sleep).poll(task).map(|()| (number, None)),
        }
    }
}

impl<T> Drop for Waiter<T> {
    fn drop(&mut self) {
        self.flight.leave(self.ticket);
    }
}
