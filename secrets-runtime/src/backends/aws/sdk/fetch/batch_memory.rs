use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::rt::clock::Clock;

/// How long a throttled batch is remembered the first time. Each time it happens again right away, twice as long.
const THROTTLED: Duration = Duration::from_secs(2);
const MAX_THROTTLED: Duration = Duration::from_secs(60);

/// How long it is remembered that batches are not permitted, or not known: somebody has to change a policy.
const REFUSED: Duration = Duration::from_secs(10 * 60);

/// What is known about batches in one scope: until when none is sent, because one was throttled or refused.
#[derive(Debug)]
pub(in crate::backends::aws) struct BatchMemory {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// No batch is sent before.
    until: Option<Instant>,
    /// How often in a row a batch was throttled.
    throttled: u32,
}

impl BatchMemory {
    pub(in crate::backends::aws) fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Returns whether secrets are to be fetched singly for now.
    pub(in crate::backends::aws) fn forbids(&self) -> bool {
        self.lock().until.is_some_and(|until| self.clock.now() < until)
    }

    /// Records that a batch was answered. One that was sent beside a throttled one changes nothing.
    pub(in crate::backends::aws) fn succeeded(&self) {
        let now = self.clock.now();
        let mut state = self.lock();
        if state.until.is_none_or(|until| until <= now) {
            *state = State::default();
        }
    }

    /// Records that a batch was throttled. Several that are throttled together count once.
    pub(in crate::backends::aws) fn throttled(&self) {
        let now = self.clock.now();
        let mut state = self.lock();
        if state.until.is_some_and(|until| now < until) {
            return;
        }
        let pause = THROTTLED.saturating_mul(1 << state.throttled.min(10)).min(MAX_THROTTLED);
        state.throttled = state.throttled.saturating_add(1);
        state.until = Some(now + with_jitter(pause));
    }

    /// Records that batches are not permitted or not known.
    pub(in crate::backends::aws) fn refused(&self) {
        self.lock().until = Some(self.clock.now() + with_jitter(REFUSED));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Between 0.8 and 1.2 of a time, so that many processes do not all try at once.
fn with_jitter(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause.mul_f64(0.8 + 0.4 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::clock::ManualClock;

    fn memory() -> (ManualClock, BatchMemory) {
        let clock = ManualClock::new();
        let memory = BatchMemory::new(Clock::from(&clock));
        (clock, memory)
    }

    /// How many seconds pass until a batch is sent again.
    fn seconds_until_permitted(clock: &ManualClock, memory: &BatchMemory) -> f64 {
        let mut tenths = 0;
        while memory.forbids() {
            clock.advance(Duration::from_millis(100));
            tenths += 1;
        }
        f64::from(tenths) / 10.0
    }

    #[test]
    fn the_memory_of_throttling_ends_and_grows_up_to_a_minute() {
        let (clock, memory) = memory();
        assert!(!memory.forbids());
        for seconds in [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] {
            memory.throttled();
            memory.throttled();
            let passed = seconds_until_permitted(&clock, &memory);
            assert!((0.8 * seconds..=1.2 * seconds + 0.2).contains(&passed), "{seconds}: {passed}");
        }
        memory.succeeded();
        memory.throttled();
        memory.succeeded();
        assert!(memory.forbids(), "another batch was sent at the same time");
        assert!(seconds_until_permitted(&clock, &memory) < 3.0, "a success starts over");
    }

    #[test]
    fn a_refusal_is_remembered_longer_and_ends_too() {
        let (clock, memory) = memory();
        memory.refused();
        let passed = seconds_until_permitted(&clock, &memory);
        assert!((480.0..=721.0).contains(&passed), "{passed}");
    }
}
