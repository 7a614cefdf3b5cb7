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
        entries::cache_entry::ServableEntry,
        fetch_map::FetchMap,
        key::Key,
        landing::Landing,
        pending::Completion,
        single_flight::{InFlight, Waiter},
        state::CacheState,
    },
    context::{Barrier, freshness::Freshness, provenance::Provenance},
};

/// Where a fetch gets its answer from.
#[expect(clippy::large_enum_variant, reason = "almost all are hits, and those are the large ones")]
pub(super) enum Lookup {
    Hit(Answer),
    Joined(Box<JoinedCall>),
}

/// A call that has the answer, or will have it.
pub(super) struct JoinedCall {
    /// The number of the call.
    pub call: u64,
    /// Whether the step itself has begun it.
    pub is_own: bool,
    pub key: Key,
    pub asked: Provenance,
}

impl CacheState {
    /// Finds where each answer comes from, and begins one call for all that are neither kept nor asked for. The
    /// waiters are one for each call that answers come from.
    pub(super) fn look_up(
        self: &Arc<Self>,
        backend: &Arc<dyn Backend>,
        requests: Requests,
        deadline: Deadline,
        freshness: Freshness,
    ) -> (FetchMap<Lookup>, Vec<Waiter<Completion>>) {
        let now = self.clock.now();
        let time = SystemTime::now();
        // A backend of a program does not see the secrets of the step that calls the step.
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
        // They outlive the lock: to drop the last handle to a call is to lock again.
        let mut calls: BTreeMap<u64, Arc<InFlight<Completion>>> = BTreeMap::new();
        let mut lookups = FetchMap::default();
        self.look(|contents, _| {
            let number = contents.pending.next_number();
            // Two requests of one step may be the same secret under two names.
            let mut asked_for: HashSet<Key> = HashSet::new();
            let mut open: Vec<((Key, Provenance), IdentifiedRequest)> = Vec::new();
            for (id, key, asked, request) in requests {
                let lookup = if let Some(found) =
                    contents.entries.find(&key, freshness, now).and_then(ServableEntry::hold)
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
            let landing = Landing::new(self, backend, number, keys.clone(), now, deadline.timeout);
            let answers = call(backend.clone(), open, |it, requests| it.fetch(requests), deadline);
            let landed = Box::pin(async move { landing.land(answers.await) });
            let flight = Arc::new(InFlight::new(number, landed));
            contents.pending.begin(number, &keys, now, deadline.at, &flight);
            calls.insert(number, flight);
        });
        let waiters = calls.into_values().map(|flight| flight.wait(deadline.at)).collect();
        (lookups, waiters)
    }
}
