use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Wake, Waker},
    time::{Duration, Instant},
};

use crate::cache::entries::State;

/// What a cache holds, and for how long.
pub(super) struct Held {
    pub ttl: Duration,
    pub stale: Duration,
    state: Mutex<State>,
    sweeper: Waker,
}

impl Held {
    pub(super) fn new(ttl: Duration, stale: Duration) -> Arc<Self> {
        Arc::new_cyclic(|held| {
            let sweeper = Waker::from(Arc::new(Sweeper(held.clone())));
            Self { ttl, stale, state: Mutex::default(), sweeper }
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the alarm to when the next of what it holds ends.
    pub(super) fn set_alarm(&self, state: &mut State) {
        state.set_alarm(&self.sweeper);
    }
}

/// Drops what has ended, on the timer's thread: it does not wait for somebody to look.
struct Sweeper(Weak<Held>);

impl Wake for Sweeper {
    fn wake(self: Arc<Self>) {
        let Some(held) = self.0.upgrade() else { return };
        let mut state = held.lock();
        let ended = state.take_ended(Instant::now());
        held.set_alarm(&mut state);
        drop(state);
        drop(ended);
    }
}
