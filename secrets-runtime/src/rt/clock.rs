//! The time by which secrets expire: the machine's, or one that a test moves.

#[cfg(any(test, feature = "conformance"))]
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use std::{task::Waker, time::Instant};

#[cfg(any(test, feature = "conformance"))]
use crate::rt::background;

/// The clock of a cache.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    #[cfg(any(test, feature = "conformance"))]
    manual: Option<ManualClock>,
}

impl Clock {
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        #[cfg(any(test, feature = "conformance"))]
        if let Some(manual) = &self.manual {
            return manual.now();
        }
        Instant::now()
    }

    /// Sets the alarm of a waker, if a test moves this clock; otherwise the timer has to wake it.
    pub(crate) fn set_alarm(&self, at: Instant, waker: &Waker) -> bool {
        #[cfg(any(test, feature = "conformance"))]
        if let Some(manual) = &self.manual {
            manual.set_alarm(at, waker);
            return true;
        }
        let _ = (at, waker);
        false
    }
}

/// A clock that stands still until a test moves it. Each reading is a nanosecond after the one before, so that of
/// two events it is known which came first.
#[cfg(any(test, feature = "conformance"))]
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Manual>>);

#[cfg(any(test, feature = "conformance"))]
#[derive(Debug)]
struct Manual {
    now: Instant,
    alarms: Vec<(Instant, Waker)>,
}

#[cfg(any(test, feature = "conformance"))]
impl ManualClock {
    /// Creates a clock that shows the machine's time.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Manual { now: Instant::now(), alarms: Vec::new() })))
    }

    /// Moves the clock forward, and rings every alarm that is due by then, on this thread. What runs in the background
    /// has then done what it had to do.
    pub fn advance(&self, by: Duration) {
        background::settle();
        self.lock().now += by;
        loop {
            let mut manual = self.lock();
            let now = manual.now;
            let due: Vec<_> = manual.alarms.extract_if(.., |(at, _)| *at <= now).collect();
            drop(manual);
            if due.is_empty() {
                return;
            }
            due.into_iter().for_each(|(_, waker)| waker.wake());
            background::settle();
        }
    }

    fn now(&self) -> Instant {
        let mut manual = self.lock();
        manual.now += Duration::from_nanos(1);
        manual.now
    }

    /// Sets the alarm of a waker, which has one.
    fn set_alarm(&self, at: Instant, waker: &Waker) {
        let mut manual = self.lock();
        manual.alarms.retain(|(_, known)| !known.will_wake(waker));
        manual.alarms.push((at, waker.clone()));
    }

    fn lock(&self) -> MutexGuard<'_, Manual> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(any(test, feature = "conformance"))]
impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(any(test, feature = "conformance"))]
impl From<&ManualClock> for Clock {
    fn from(clock: &ManualClock) -> Self {
        Self { manual: Some(clock.clone()) }
    }
}
