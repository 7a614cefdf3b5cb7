//! The time by which secrets expire: the machine's, or one that a test moves.

#[cfg(any(test, feature = "conformance"))]
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{
    task::Waker,
    time::{Duration, Instant},
};

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

    /// Returns a deadline for [`is_before`](Self::is_before).
    pub(crate) fn deadline(&self, at: Instant) -> CoarseTime {
        let left = at.saturating_duration_since(self.now());
        #[cfg(any(test, feature = "conformance"))]
        if self.manual.is_some() {
            return CoarseTime(self.coarse_now() + left);
        }
        CoarseTime(self.coarse_now() + left.saturating_sub(COARSE_ERROR))
    }

    /// Returns whether now is before the deadline. In the last 20 ms it may return `false` too, so that it needs only
    /// the coarse time, which is several times faster to read than the exact one.
    #[inline]
    pub(crate) fn is_before(&self, deadline: CoarseTime) -> bool {
        self.coarse_now() < deadline.0
    }

    #[inline]
    fn coarse_now(&self) -> Duration {
        #[cfg(any(test, feature = "conformance"))]
        if let Some(manual) = &self.manual {
            return manual.elapsed();
        }
        coarse_now()
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

/// A time until which something serves, on the coarse clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CoarseTime(Duration);

/// By how much the coarse time may be late, twice: the kernel sets it 100 times a second or more often.
const COARSE_ERROR: Duration = Duration::from_millis(20);

/// Returns the time since some moment of the past, as the kernel has set it last.
#[cfg(target_os = "linux")]
#[inline]
fn coarse_now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

/// Returns the time since the first call.
#[cfg(not(target_os = "linux"))]
fn coarse_now() -> Duration {
    static FIRST: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed()
}

/// A clock that stands still until a test moves it. Each reading is a nanosecond after the one before, so that of
/// two events it is known which came first.
#[cfg(any(test, feature = "conformance"))]
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Manual>>);

#[cfg(any(test, feature = "conformance"))]
#[derive(Debug)]
struct Manual {
    start: Instant,
    now: Instant,
    alarms: Vec<(Instant, Waker)>,
}

#[cfg(any(test, feature = "conformance"))]
impl ManualClock {
    /// Creates a clock that shows the machine's time.
    #[must_use]
    pub fn new() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(Manual { start: now, now, alarms: Vec::new() })))
    }

    /// Moves the clock forward, and rings every alarm that is due by then, on this thread. What runs in the background
    /// has then done what it had to do.
    pub fn advance(&self, by: Duration) {
        background::wait_until_idle();
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
            background::wait_until_idle();
        }
    }

    fn now(&self) -> Instant {
        let mut manual = self.lock();
        manual.now += Duration::from_nanos(1);
        manual.now
    }

    fn elapsed(&self) -> Duration {
        let manual = self.lock();
        manual.now - manual.start
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
