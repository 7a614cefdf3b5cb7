use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Instant,
};

use crate::{
    cache::{answer::Answer, key::Key, single_flight::InFlight},
    context::freshness::Freshness,
};

/// The answers of one call, by what was asked for.
pub(super) type Completion = Arc<HashMap<Key, Answer>>;

/// What backends are being asked for.
#[derive(Default)]
pub(super) struct Pending {
    calls: HashMap<Key, PendingCall>,
    last: u64,
}

/// The call in which a key is asked for.
struct PendingCall {
    number: u64,
    asked_at: Instant,
    /// When it ends, if the backend lets it.
    deadline: Instant,
    call: Weak<InFlight<Completion>>,
}

impl Pending {
    /// Returns the number of the next call.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Finds the call in which a key is asked for, if it will do, and its number.
    pub(super) fn find(
        &self,
        key: &Key,
        freshness: Freshness,
    ) -> Option<(u64, Arc<InFlight<Completion>>)> {
        let pending = self.calls.get(key).filter(|pending| freshness.admits(pending.asked_at))?;
        // One that is over its time hangs in a backend that blocks: nobody more waits for it.
        if Instant::now() >= pending.deadline {
            return None;
        }
        Some((pending.number, pending.call.upgrade()?))
    }

    /// From now on these keys are waited for in this call.
    pub(super) fn begin(
        &mut self,
        number: u64,
        keys: &[Key],
        asked_at: Instant,
        deadline: Instant,
        call: &Arc<InFlight<Completion>>,
    ) {
        for key in keys {
            let call = Arc::downgrade(call);
            let pending = PendingCall { number, asked_at, deadline, call };
            self.calls.insert(key.clone(), pending);
        }
    }

    /// Whether a key is still waited for in this call: nothing newer was asked for since.
    pub(super) fn is_current(&self, key: &Key, number: u64) -> bool {
        self.calls.get(key).is_some_and(|pending| pending.number == number)
    }

    /// The call is over.
    pub(super) fn end(&mut self, number: u64, keys: &[Key]) {
        for key in keys {
            if self.is_current(key, number) {
                self.calls.remove(key);
            }
        }
    }

    /// What is under way for these keys comes too late.
    pub(super) fn forget(&mut self, is_forgotten: impl Fn(&Key) -> bool) {
        self.calls.retain(|key, _| !is_forgotten(key));
    }
}
