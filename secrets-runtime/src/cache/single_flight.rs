//! One request that several wait for.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, AtomicU64, Ordering, fence},
    },
    task::{Context, Poll, Wake, Waker},
    time::Instant,
};

use crate::{backend::BoxFuture, cache::lookup::Got, rt::timer::Sleep};

/// A call that is under way, and what it gave. Whoever waits for it polls it: nobody owns it, so that it goes on
/// whichever of them are dropped or stop polling.
pub(super) struct Flight {
    stage: Mutex<Stage>,
    wakers: Arc<Wakers>,
}

enum Stage {
    Flying(BoxFuture<'static, Vec<Got>>),
    Landed(Arc<[Got]>),
}

impl Flight {
    pub(super) fn new(call: BoxFuture<'static, Vec<Got>>) -> Self {
        let wakers = Wakers { woken: AtomicBool::new(true), ..Wakers::default() };
        Self { stage: Mutex::new(Stage::Flying(call)), wakers: Arc::new(wakers) }
    }

    /// Its answers, in order, for everyone who waits; none if there are none until then.
    pub(super) fn wait(self: &Arc<Self>, deadline: Instant) -> Waiter {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Waiter { flight: self.clone(), number, sleep: Sleep::until(deadline) }
    }

    fn poll(&self) -> Poll<Arc<[Got]>> {
        let Some(stage) = self.try_lock() else { return Poll::Pending };
        let (poll, landed) = self.advance(stage);
        // Woken after the lock: a waker may poll at once.
        if landed || self.is_left_to_poll(poll.is_ready()) {
            self.wakers.wake_all();
        }
        poll
    }

    /// Whether somebody came and went away, as another had the lock, though there was something for him. Those
    /// who came for nothing sleep on: were they woken, each crowd would wake the next.
    fn is_left_to_poll(&self, is_ready: bool) -> bool {
        // Between the unlocking and this look; its other half is in `try_lock`.
        fence(Ordering::SeqCst);
        self.wakers.contended.swap(false, Ordering::AcqRel)
            && (is_ready || self.wakers.woken.load(Ordering::Acquire))
    }

    /// Polls the call if something has happened since it was polled last; tells whether it has ended just now.
    fn advance(&self, mut stage: MutexGuard<'_, Stage>) -> (Poll<Arc<[Got]>>, bool) {
        let call = match &mut *stage {
            Stage::Landed(answers) => return (Poll::Ready(answers.clone()), false),
            Stage::Flying(call) => call,
        };
        if !self.wakers.woken.swap(false, Ordering::AcqRel) {
            return (Poll::Pending, false);
        }
        let waker = Waker::from(self.wakers.clone());
        match call.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => (Poll::Pending, false),
            Poll::Ready(answers) => {
                let answers: Arc<[Got]> = answers.into();
                let flown = std::mem::replace(&mut *stage, Stage::Landed(answers.clone()));
                drop(stage);
                drop(flown);
                (Poll::Ready(answers), true)
            }
        }
    }

    /// None while another polls it, who then wakes everybody if there is still something to do.
    fn try_lock(&self) -> Option<MutexGuard<'_, Stage>> {
        for _ in 0..2 {
            match self.stage.try_lock() {
                Ok(stage) => return Some(stage),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                // Tried again after it is said: the other may just have looked.
                Err(TryLockError::WouldBlock) => {
                    self.wakers.contended.store(true, Ordering::Release);
                    fence(Ordering::SeqCst);
                }
            }
        }
        None
    }
}

/// Those who wait.
#[derive(Default)]
struct Wakers {
    waiting: Mutex<HashMap<u64, Waker>>,
    /// The call is to be polled.
    woken: AtomicBool,
    /// Somebody came while it was polled.
    contended: AtomicBool,
}

impl Wakers {
    fn wake_all(&self) {
        let waiting = std::mem::take(&mut *self.lock());
        for waker in waiting.into_values() {
            // One that panics is its owner's trouble; the others are still to be woken.
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.wake_all();
    }
}

/// One who waits for a flight.
pub(super) struct Waiter {
    flight: Arc<Flight>,
    number: u64,
    /// The call has a time of its own, which is looked at when it is polled: not while a backend blocks the
    /// thread that polls it.
    sleep: Sleep,
}

impl Future for Waiter {
    type Output = Option<Arc<[Got]>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        // Before it is polled: what happens from then on is heard of.
        let before = self.flight.wakers.lock().insert(self.number, task.waker().clone());
        drop(before);
        match self.flight.poll() {
            Poll::Ready(answers) => Poll::Ready(Some(answers)),
            Poll::Pending => Pin::new(&mut self.sleep).poll(task).map(|()| None),
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let waker = self.flight.wakers.lock().remove(&self.number);
        drop(waker);
    }
}
