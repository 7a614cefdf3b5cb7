//! What was fetched serves later steps for a while: between the resolver and the backends.
//!
//! A step looks here once, when it starts. Those that want one secret at the same time wait for one request; all of
//! them get its failure, which is not kept. A value that has expired serves on for a while if its backend throttles
//! or is down. What has ended, was replaced or was evicted is dropped at once, and so wiped as soon as no step
//! holds it.

pub(crate) mod answer;
pub(crate) mod backend_call;
mod derived;
mod entries;
pub(crate) mod fetch_map;
mod key;
mod landing;
mod lookup;
mod pending;
pub(crate) mod prohibition;
mod single_flight;
pub(crate) mod step_slot;
#[cfg(test)]
mod tests;

use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Wake, Waker},
    time::Duration,
};

use crate::{
    backend::{Backend, generation, owned_request::OwnedRequest},
    cache::{
        answer::{Answer, Answers, Requests, Reuse},
        backend_call::{Ask, Deadline, Named, call},
        derived::{SlotId, Validity},
        entries::{Dropped, Entries},
        key::Key,
        lookup::{JoinedCall, Lookup},
        pending::Pending,
    },
    context::{freshness::Freshness, provenance::Provenance},
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
        warning::warn,
    },
    rt::{clock::Clock, join_all::join_all, timer::Alarm},
};

/// How long a backend that fails is left alone while its expired values serve.
const PAUSE: Duration = Duration::from_secs(5);

/// The longest time, as for what is read from the settings: the clock has no time that is for ever away.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What is kept of the backends of one resolver.
#[derive(Clone)]
pub(crate) struct Cache(Arc<Inner>);

struct Inner {
    /// Nothing is kept if it is zero.
    ttl: Duration,
    stale: Duration,
    clock: Clock,
    state: Mutex<State>,
    sweeper: Waker,
}

struct State {
    entries: Entries,
    pending: Pending,
    alarm: Alarm,
    /// The generation of this process's writes up to which nothing old is kept.
    generation: u64,
    /// Whether nothing is kept any more.
    is_closed: bool,
}

impl Cache {
    pub(crate) fn new(ttl: Duration, stale: Duration, clock: Clock) -> Self {
        let state = State {
            entries: Entries::default(),
            pending: Pending::default(),
            alarm: Alarm::new(clock.clone()),
            generation: generation::current(),
            is_closed: false,
        };
        Self(Arc::new_cyclic(|inner| Inner {
            ttl: ttl.min(LONGEST),
            stale: stale.min(LONGEST),
            clock,
            state: Mutex::new(state),
            sweeper: Waker::from(Arc::new(Sweeper(inner.clone()))),
        }))
    }

    /// Creates a cache that keeps nothing: each request goes to its backend.
    #[cfg(feature = "aws")]
    pub(crate) fn off() -> Self {
        Self::new(Duration::ZERO, Duration::ZERO, Clock::default())
    }

    /// Asks a backend for what is not kept, and for what is not asked for already.
    pub(crate) async fn fetch(
        &self,
        backend: Arc<dyn Backend>,
        requests: Requests,
        deadline: Deadline,
        freshness: Freshness,
    ) -> Answers {
        if self.0.ttl.is_zero() || !backend.capabilities().is_cached() {
            let answers = self.ask(backend, requests, |it, requests| it.fetch(requests), deadline);
            let answer = |(id, answer): (_, Answer)| {
                (id, Answer::of_backend(answer.result, answer.provenance))
            };
            return answers.await.into_iter().map(answer).collect();
        }
        let (lookups, waiters) = self.look_up(&backend, requests, deadline, freshness);
        let completions: HashMap<_, _> = join_all(waiters).await.into_iter().collect();
        let answer = |lookup| match lookup {
            Lookup::Hit(answer) => answer,
            Lookup::Joined(joined) => {
                let JoinedCall { call, key, asked } = *joined;
                let completion = completions.get(&call).and_then(Option::as_ref);
                let answer = match completion.map(|answers| answers.get(&key)) {
                    Some(Some(answer)) => answer.clone().asked_as(asked.clone()),
                    Some(None) => Answer::new(Err(no_answer()), asked.clone()),
                    None => Answer::new(Err(deadline.timeout_error(&*backend)), asked.clone()),
                };
                self.or_stale(&*backend, &key, answer, asked, freshness)
            }
        };
        lookups.into_iter().map(|(id, lookup)| (id, answer(lookup))).collect()
    }

    /// Asks a backend, whatever is kept, and keeps nothing.
    pub(crate) async fn ask<A: Named + Send + Unpin + 'static>(
        &self,
        backend: Arc<dyn Backend>,
        requests: Requests,
        ask: Ask<A>,
        deadline: Deadline,
    ) -> Answers<A> {
        let asked_at = self.0.clock.now();
        let asked = requests
            .into_iter()
            .map(|(id, request)| ((id, Provenance::of(&*backend, &request, asked_at)), request));
        let asked = asked.collect();
        let answers = call(backend, asked, ask, deadline).await;
        let answer = |((id, asked), result)| (id, Answer::new(result, asked));
        answers.into_iter().map(answer).collect()
    }

    /// Lets everything that is kept of this secret expire, in whatever role, region and version.
    pub(crate) fn expire(&self, backend: &dyn Backend, request: &OwnedRequest) {
        let key = Key::of(backend, request);
        let now = self.0.clock.now();
        self.0.change(|state, dropped| {
            let names = state.entries.expire(&key, now, now + self.0.stale, dropped);
            let is_of = |other: &Key| other.kind == key.kind && names.contains(other.secret());
            state.pending.forget(is_of);
        });
    }

    /// Drops everything, and keeps nothing from now on. What is under way is answered.
    pub(crate) fn close(&self) {
        self.0.change(|state, dropped| {
            state.is_closed = true;
            state.entries.clear(dropped);
            state.pending.forget(|_| true);
        });
    }

    /// Keeps what a step has made of entries as long as each of them is what it was; `None` if one is no longer.
    /// Returns also the generation of writes up to which that is known.
    fn derive(
        &self,
        slot: SlotId,
        made_of: Reuse,
        value: Arc<dyn Any + Send + Sync>,
    ) -> Option<(Validity, u64)> {
        self.0.change(|state, dropped| {
            let validity = state.entries.derive(slot, made_of, value, dropped)?;
            Some((validity, state.generation))
        })
    }

    /// Drops what steps have made: it has handles to the resolver, and the resolver has this cache.
    pub(crate) fn drop_derived(&self) {
        self.0.change(|state, dropped| state.entries.drop_derived(dropped));
    }

    /// Drops what this process has written since it was read; returns the generation up to which that is done.
    fn catch_up_with_writes(&self) -> u64 {
        self.0.look(|state, _| state.generation)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn downgrade(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    /// The answer, or if the backend fails for a moment what is kept though it has expired.
    fn or_stale(
        &self,
        backend: &dyn Backend,
        key: &Key,
        answer: Answer,
        asked: Provenance,
        freshness: Freshness,
    ) -> Answer {
        let Err(error) = &answer.result else { return answer };
        if freshness != Freshness::Fresh || !error.is_transient() {
            return answer;
        }
        let now = self.0.clock.now();
        let pause = PAUSE.min(self.0.ttl);
        let found = self.0.look(|state, _| {
            let (found, is_first) = state.entries.find_stale(key, now, pause)?;
            Some((found.end(), found.answer(asked), is_first))
        });
        let Some((end, stale, is_first)) = found else { return answer };
        if is_first {
            let message = error.problems().first().map_or("", |problem| problem.message());
            warn(&format!(
                "the secret `{}` cannot be fetched anew from {backend} ({}: {message}); the value fetched {} s ago still serves, for {} s at most",
                escape_name(key.secret()),
                error.kind(),
                now.duration_since(stale.provenance.asked_at).as_secs(),
                end.saturating_duration_since(now).as_secs_f32().ceil(),
            ));
        }
        stale
    }
}

impl Inner {
    /// Changes what is kept, and sets the alarm to the next end.
    fn change<R>(&self, change: impl FnOnce(&mut State, &mut Dropped) -> R) -> R {
        self.look(|state, dropped| {
            let result = change(state, dropped);
            match state.entries.next_end() {
                Some(end) => state.alarm.set(end, &self.sweeper),
                None => state.alarm.clear(),
            }
            result
        })
    }

    /// Looks at what is kept, of which nothing is old by a write of this process. What is dropped is dropped when
    /// nothing is locked any more: a value may be the last handle to whatever its step has made.
    fn look<R>(&self, look: impl FnOnce(&mut State, &mut Dropped) -> R) -> R {
        let mut dropped = Dropped::new();
        let mut state = self.lock();
        state.catch_up_with_writes(&mut dropped);
        let result = look(&mut state, &mut dropped);
        drop(state);
        drop(dropped);
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Drops what this process has written since it was read.
    fn catch_up_with_writes(&mut self, dropped: &mut Dropped) {
        if self.generation == generation::current() {
            return;
        }
        let (writes, generation) = generation::since(self.generation);
        match &writes {
            Some(writes) => {
                writes.iter().for_each(|write| self.entries.forget_written(write, dropped));
                // Which secret a request is for is known for sure only by its answer.
                self.pending.forget(|key| writes.iter().any(|write| write.kind == key.kind));
            }
            None => {
                self.entries.clear(dropped);
                self.pending.forget(|_| true);
            }
        }
        self.generation = generation;
    }
}

/// Drops what has ended, on the timer's thread: it does not wait for somebody to look.
struct Sweeper(Weak<Inner>);

impl Wake for Sweeper {
    fn wake(self: Arc<Self>) {
        let Some(inner) = self.0.upgrade() else { return };
        let now = inner.clock.now();
        inner.change(|state, dropped| state.entries.remove_ended(now, dropped));
    }
}

fn no_answer() -> Error {
    Error::new(ErrorKind::Unavailable, "the backend gave no answer")
}
