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

/// The answers of one call, by what was asked for.
pub(super) type Completion = Arc<CallAnswers>;

pub(super) struct CallAnswers {
    pub answers: HashMap<Key, Answer>,
    /// Whether each is known to be the answer to its request.
    pub is_order_trusted: bool,
}

impl CallAnswers {
    /// Returns the answer to a request. Only the step that began the call sees an answer that may be of another
    /// secret: it fails anyway, by what was left out.
    pub(super) fn answer(&self, key: &Key, is_own: bool) -> Result<&Answer, Error> {
        let answer = self.answers.get(key).ok_or_else(no_answer)?;
        match &answer.result {
            Ok(_) if !self.is_order_trusted && !is_own => Err(no_answer()),
            _ => Ok(answer),
        }
    }
}

/// What backends are being asked for.
#[derive(Default)]
pub(super) struct Pending {
    calls: HashMap<Key, PendingCall>,
    last: u64,
}

/// The call in which a key is asked for.
struct PendingCall {
    number: u64,
    /// The process whose threads run it. A child of `fork` has none of them.
    process: u32,
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
        if Instant::now() >= pending.deadline || pending.process != process::id() {
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
        let process = process::id();
        for key in keys {
            let call = Arc::downgrade(call);
            let pending = PendingCall { number, process, asked_at, deadline, call };
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
        let (mut pending, now) = (Pending::default(), Instant::now());
        pending.begin(1, slice::from_ref(&key), now, now + Duration::from_secs(100), &call);
        assert!(pending.find(&key, Freshness::Fresh).is_some());
        for call in pending.calls.values_mut() {
            call.process += 1;
        }
        assert!(pending.find(&key, Freshness::Fresh).is_none());
    }
}
