use std::{
    collections::HashMap,
    process,
    sync::{Arc, Weak},
    time::Instant,
};

use crate::{
    cache::{
        answer::{Answer, no_answer},
        key::Key,
        single_flight::InFlight,
    },
    context::freshness::Freshness,
    core::error::Error,
};

/// The answers of one call, by their keys.
pub(super) type Completion = Arc<CallAnswers>;

pub(super) struct CallAnswers {
    pub answers: HashMap<Key, Answer>,
    /// Whether each answer is known to belong to its request.
    pub is_order_trusted: bool,
}

impl CallAnswers {
    /// Returns the answer to a request. Only the step that began the call sees an answer that may belong to another
    /// secret: that step fails in any case, since an answer is missing.
    pub(super) fn answer(&self, key: &Key, is_own: bool) -> Result<&Answer, Error> {
        let answer = self.answers.get(key).ok_or_else(no_answer)?;
        match self.is_order_trusted || is_own {
            true => Ok(answer),
            false => Err(no_answer()),
        }
    }
}

/// The running requests.
#[derive(Default)]
pub(super) struct PendingCalls {
    calls: HashMap<Key, PendingCall>,
    last: u64,
}

/// The call in which a key is requested.
struct PendingCall {
    number: u64,
    /// The process whose threads run it. A child of `fork` has none of them.
    process: u32,
    asked_at: Instant,
    /// When the call ends, unless the backend blocks its thread.
    deadline: Instant,
    call: Weak<InFlight<Completion>>,
}

impl PendingCalls {
    /// Returns the number of the next call.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Finds the running call that requests a key, if it is new enough, and its number.
    pub(super) fn find(
        &self,
        key: &Key,
        freshness: Freshness,
    ) -> Option<(u64, Arc<InFlight<Completion>>)> {
        let pending = self.calls.get(key).filter(|pending| freshness.admits(pending.asked_at))?;
        // A call that is still running after its deadline hangs in a backend that blocks: no more steps wait for it.
        if Instant::now() >= pending.deadline || pending.process != process::id() {
            return None;
        }
        Some((pending.number, pending.call.upgrade()?))
    }

    /// Sets the call that requests these keys.
    pub(super) fn begin(
        &mut self,
        number: u64,
        keys: &[Key],
        asked_at: Instant,
        deadline: Instant,
        call: &Arc<InFlight<Completion>>,
    ) {
        let process = process::id();
        for key in keys {
            let call = Arc::downgrade(call);
            let pending = PendingCall { number, process, asked_at, deadline, call };
            self.calls.insert(key.clone(), pending);
        }
    }

    /// Whether this call is the latest that requests a key.
    pub(super) fn is_current(&self, key: &Key, number: u64) -> bool {
        self.calls.get(key).is_some_and(|pending| pending.number == number)
    }

    /// Removes a call that has ended.
    pub(super) fn end(&mut self, number: u64, keys: &[Key]) {
        for key in keys {
            if self.is_current(key, number) {
                self.calls.remove(key);
            }
        }
    }

    /// Later answers to the pending calls of these keys are not cached.
    pub(super) fn forget(&mut self, is_forgotten: impl Fn(&Key) -> bool) {
        self.calls.retain(|key, _| !is_forgotten(key));
    }
}

#[cfg(test)]
mod tests {
    use std::{future, slice, time::Duration};

    use super::*;
    use crate::{
        backend::{fetch_request::FetchRequest, identity::Identity, owned_request::OwnedRequest},
        cache::answer::IdentifiedRequest,
    };

    #[test]
    fn a_child_of_fork_does_not_wait_for_a_call_of_its_parent() {
        let request = FetchRequest::named("DB");
        let identity = Arc::new(Identity::of(&request));
        let request = Arc::new(OwnedRequest::from(&request));
        let key = Key::of(&"env".into(), &IdentifiedRequest { request, identity });
        let call = Arc::new(InFlight::new(1, Box::pin(future::pending())));
        let (mut pending, now) = (PendingCalls::default(), Instant::now());
        pending.begin(1, slice::from_ref(&key), now, now + Duration::from_secs(100), &call);
        assert!(pending.find(&key, Freshness::Unexpired).is_some());
        for call in pending.calls.values_mut() {
            call.process += 1;
        }
        assert!(pending.find(&key, Freshness::Unexpired).is_none());
    }
}
