use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::SystemTime,
};

use crate::{
    backend::Backend,
    cache::{
        answer::{Answer, IdentifiedRequest, Requests},
        backend_call::{Deadline, call},
        call_completion::CallCompletion,
        entries::cache_entry::UsableEntry,
        fetch_map::FetchMap,
        key::Key,
        pending::Completion,
        single_flight::{InFlight, Waiter},
        state::CacheState,
    },
    context::{Barrier, freshness::Freshness, provenance::Provenance},
};

/// Where the answer to a request comes from.
#[expect(clippy::large_enum_variant, reason = "almost all are hits, and those are the large ones")]
pub(super) enum Lookup {
    Hit(Answer),
    Joined(Box<JoinedCall>),
}

/// A running call that will have the answer.
pub(super) struct JoinedCall {
    /// The number of the call.
    pub call: u64,
    /// Whether this step began the call.
    pub is_own: bool,
    pub key: Key,
    pub asked: Provenance,
}

impl CacheState {
    /// Finds where each answer comes from, and begins one call for all requests that are neither cached nor running.
    /// Returns one waiter for each call that has answers.
    pub(super) fn look_up(
        self: &Arc<Self>,
        backend: &Arc<dyn Backend>,
        requests: Requests,
        deadline: Deadline,
        freshness: Freshness,
    ) -> (FetchMap<Lookup>, Vec<Waiter<Completion>>) {
        let now = self.clock.now();
        let time = SystemTime::now();
        // A backend that is part of the program does not see the secrets of the step that calls it.
        let _outside = Barrier::outside();
        let (kind, capabilities) = (Arc::from(backend.kind()), backend.capabilities());
        let requests: Vec<_> = requests
            .into_iter()
            .map(|(id, asked)| {
                let key = Key::of(&kind, &asked);
                let provenance = Provenance::of((&kind, capabilities), &asked.request, now, time);
                (id, key, provenance, asked)
            })
            .collect();
        // They are dropped after the lock is released: dropping the last handle to a call takes the lock.
        let mut calls: BTreeMap<u64, Arc<InFlight<Completion>>> = BTreeMap::new();
        let mut lookups = FetchMap::default();
        self.with_contents(|contents, _| {
            let number = contents.pending.next_number();
            // Two requests of one step may be for one secret under two names.
            let mut asked_for: HashSet<Key> = HashSet::new();
            let mut open: Vec<((Key, Provenance), IdentifiedRequest)> = Vec::new();
            for (id, key, asked, request) in requests {
                let lookup = if let Some(found) =
                    contents.entries.find(&key, freshness, now).and_then(UsableEntry::hold)
                {
                    Lookup::Hit(found.answer(asked))
                } else if let Some((call, flight)) = contents.pending.find(&key, freshness) {
                    calls.insert(call, flight);
                    Lookup::Joined(Box::new(JoinedCall { call, is_own: false, key, asked }))
                } else {
                    if asked_for.insert(key.clone()) {
                        open.push(((key.clone(), asked.clone()), request));
                    }
                    let call = number;
                    Lookup::Joined(Box::new(JoinedCall { call, is_own: true, key, asked }))
                };
                lookups.insert(id, lookup);
            }
            if open.is_empty() {
                return;
            }
            let keys: Vec<Key> = open.iter().map(|((key, _), _)| key.clone()).collect();
            let completion =
                CallCompletion::new(self, backend, number, keys.clone(), now, deadline.timeout);
            let answers = call(backend.clone(), open, |it, requests| it.fetch(requests), deadline);
            let completed = Box::pin(async move { completion.complete(answers.await) });
            let flight = Arc::new(InFlight::new(number, completed));
            contents.pending.begin(number, &keys, now, deadline.at, &flight);
            calls.insert(number, flight);
        });
        let waiters = calls.into_values().map(|flight| flight.wait(deadline.at)).collect();
        (lookups, waiters)
    }
}
