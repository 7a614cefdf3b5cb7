//! What was fetched serves later steps for a while: between the resolver and the backends.
//!
//! A step looks here once, when it starts. Those that want one secret at the same time wait for one request; a
//! failure is told to all of them and not kept. A value that has expired serves on for a while if its backend
//! throttles or is down. What has ended, was replaced or had to make room is dropped at once, and so wiped as
//! soon as no step holds it.

pub(crate) mod backend_call;
mod entries;
mod held;
mod key;
pub(crate) mod lookup;
pub(crate) mod prohibition;
mod single_flight;
pub(crate) mod step_slot;

use std::{
    any::Any,
    collections::HashMap,
    hash::{BuildHasher, Hasher},
    sync::{Arc, MutexGuard, Weak},
    time::{Duration, Instant},
};

use crate::{
    backend::{Backend, Fetched, generation, owned_request::OwnedRequest},
    cache::{
        backend_call::{Limit, call},
        entries::{Awaited, Found, State},
        held::Held,
        key::Key,
        lookup::{Got, Kept, Need},
        single_flight::{Flight, Waiter},
    },
    core::{
        error::{Error, ErrorKind},
        warning::warn,
    },
    rt::join_all::join_all,
};

/// How long a backend that fails is left alone while its expired values serve.
const PAUSE: Duration = Duration::from_secs(5);

/// The longest time, as for what is read from the settings: the clock has no time that is for ever away.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What is kept of the backends of one resolver.
#[derive(Clone)]
pub(crate) struct Cache(Arc<Held>);

/// What a request gets its answer from.
enum Way {
    Had(Got),
    /// The answer at this place of this flight.
    Waits(usize, usize),
}

impl Cache {
    /// None if nothing is kept for any time.
    pub(crate) fn new(ttl: Duration, stale: Duration) -> Option<Self> {
        (!ttl.is_zero()).then(|| Self(Held::new(ttl.min(LONGEST), stale.min(LONGEST))))
    }

    /// Asks a backend for what is not kept, and for what is not asked for already.
    pub(crate) async fn fetch(
        &self,
        backend: Arc<dyn Backend>,
        requests: Vec<OwnedRequest>,
        limit: Limit,
        need: Need,
    ) -> Vec<Got> {
        let keys: Vec<Key> = requests.iter().map(|request| Key::of(&*backend, request)).collect();
        let (ways, waiters) = self.ways(&backend, requests, &keys, limit, need);
        let flights = match waiters.is_empty() {
            true => Vec::new(),
            false => join_all(waiters).await,
        };
        let got = |(way, key): (Way, &Key)| match way {
            Way::Had(got) => got,
            Way::Waits(flight, place) => {
                let late = || Got::not_kept(Err(limit.late(&*backend)));
                let got = flights[flight].as_ref().map_or_else(late, |got| got[place].clone());
                self.or_stale(&*backend, key, got, need)
            }
        };
        ways.into_iter().zip(&keys).map(got).collect()
    }

    /// Lets everything that is kept of this secret expire, in whatever role, region and version.
    pub(crate) fn expire(&self, backend: &dyn Backend, request: &OwnedRequest) {
        let key = Key::of(backend, request);
        let now = Instant::now();
        let mut state = self.lock();
        let dropped = state.expire(&key, now, now + self.0.stale);
        self.0.set_alarm(&mut state);
        drop(state);
        drop(dropped);
    }

    /// Drops everything, and keeps nothing from now on.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        let dropped = state.close();
        self.0.set_alarm(&mut state);
        drop(state);
        drop(dropped);
    }

    /// Keeps what was made of values, for the maker with this number, until they expire; not if one of them has
    /// been replaced since there were so many changes.
    pub(crate) fn keep(
        &self,
        maker: usize,
        until: Instant,
        changes: u64,
        made: Arc<dyn Any + Send + Sync>,
    ) {
        let mut state = self.lock();
        // A change is noted under this lock, and takes away what was kept before it.
        if generation::changes() != changes || state.is_closed() {
            return;
        }
        let before = state.made.insert(maker, (until, made));
        self.0.set_alarm(&mut state);
        drop(state);
        drop(before);
    }

    /// Where each answer comes from; begins one call for all that are nowhere.
    fn ways(
        &self,
        backend: &Arc<dyn Backend>,
        requests: Vec<OwnedRequest>,
        keys: &[Key],
        limit: Limit,
        need: Need,
    ) -> (Vec<Way>, Vec<Waiter>) {
        let now = Instant::now();
        let mut flights: Vec<Arc<Flight>> = Vec::new();
        let mut waits = |flight: Arc<Flight>, place: usize| {
            let known = flights.iter().position(|known| Arc::ptr_eq(known, &flight));
            let index = known.unwrap_or_else(|| {
                flights.push(flight);
                flights.len() - 1
            });
            Way::Waits(index, place)
        };
        let mut state = self.lock();
        let mut ways: Vec<Option<Way>> = Vec::with_capacity(keys.len());
        let mut asked: Vec<(usize, OwnedRequest)> = Vec::new();
        // Two requests of one step may be the same secret under two names.
        let mut new: HashMap<&Key, usize> = HashMap::new();
        let mut twins = Vec::new();
        for (index, (request, key)) in requests.into_iter().zip(keys).enumerate() {
            ways.push(match state.find(key, need, now) {
                Some(Found::Kept(got)) => Some(Way::Had(got)),
                Some(Found::Flight(flight, place)) => Some(waits(flight, place)),
                None => {
                    match new.get(key) {
                        Some(&place) => twins.push((index, place)),
                        None => {
                            new.insert(key, asked.len());
                            asked.push((index, request));
                        }
                    }
                    None
                }
            });
        }
        if !asked.is_empty() {
            let places: Vec<usize> = asked.iter().map(|(index, _)| *index).collect();
            let own_keys = places.iter().map(|index| keys[*index].clone()).collect();
            let requests = asked.into_iter().map(|(_, request)| request).collect();
            let flight = self.begin(&mut state, backend, requests, own_keys, limit, now);
            for (place, index) in places.into_iter().enumerate() {
                ways[index] = Some(waits(flight.clone(), place));
            }
            for (index, place) in twins {
                ways[index] = Some(waits(flight.clone(), place));
            }
        }
        drop(state);
        let waiters = flights.iter().map(|flight| flight.wait(limit.deadline)).collect();
        (ways.into_iter().flatten().collect(), waiters)
    }

    fn begin(
        &self,
        state: &mut State,
        backend: &Arc<dyn Backend>,
        requests: Vec<OwnedRequest>,
        keys: Vec<Key>,
        limit: Limit,
        asked: Instant,
    ) -> Arc<Flight> {
        let number = state.number();
        let landing = Landing { cache: Arc::downgrade(&self.0), number, keys: keys.clone(), asked };
        let answers =
            call(backend.clone(), requests, |backend, requests| backend.fetch(requests), limit);
        let flight = Flight::new(Box::pin(async move { landing.land(answers.await) }));
        let flight = Arc::new(flight);
        for (place, key) in keys.into_iter().enumerate() {
            let flight = Arc::downgrade(&flight);
            let deadline = limit.deadline;
            state.begin(key, Awaited { number, asked, deadline, flight, place });
        }
        flight
    }

    /// The answer, or if the backend fails for a moment what is kept though it has expired.
    fn or_stale(&self, backend: &dyn Backend, key: &Key, got: Got, need: Need) -> Got {
        let Err(error) = &got.answer else { return got };
        if need != Need::Fresh || !error.is_transient() {
            return got;
        }
        let now = Instant::now();
        let found = self.lock().stale(key, now, PAUSE.min(self.0.ttl));
        let Some((stale, is_first)) = found else { return got };
        if is_first {
            let message = error.problems().first().map_or("", |problem| problem.message());
            warn(&format!(
                "the secret `{}` cannot be fetched anew from {backend} ({}: {message}); the value fetched {} s ago still serves, for {} s at most",
                crate::core::escape::escape_name(key.secret()),
                error.kind(),
                now.duration_since(stale.asked).as_secs(),
                stale.end.saturating_duration_since(now).as_secs_f32().ceil(),
            ));
        }
        stale.got
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }
}

/// Where the answers of a flight go, if they are still waited for.
struct Landing {
    cache: Weak<Held>,
    number: u64,
    keys: Vec<Key>,
    asked: Instant,
}

impl Landing {
    fn land(self, answers: Vec<Result<Fetched, Error>>) -> Vec<Got> {
        let Some(held) = self.cache.upgrade() else {
            return answers.into_iter().map(Got::not_kept).collect();
        };
        let mut dropped = Vec::new();
        let mut state = held.lock();
        let mut keep = |(key, answer): (&Key, Result<Fetched, Error>)| {
            if !state.is_awaited(key, self.number) {
                return Got::not_kept(answer);
            }
            let fetched = match &answer {
                Ok(fetched) => fetched.clone(),
                Err(error) => {
                    if is_refusal(error) {
                        dropped.extend(state.refused(key, self.asked));
                    }
                    return Got::not_kept(answer);
                }
            };
            let until = self.asked + jittered(held.ttl);
            let kept = Kept { asked: self.asked, until };
            let is_kept = state.insert(key, fetched, kept, until + held.stale, &mut dropped);
            Got { answer, kept: is_kept.then_some(kept) }
        };
        let got = self.keys.iter().zip(answers).map(&mut keep).collect();
        state.end(self.number, &self.keys);
        held.set_alarm(&mut state);
        drop(state);
        drop(dropped);
        got
    }
}

impl Drop for Landing {
    /// A flight that nobody waits for any more is not waited for by others.
    fn drop(&mut self) {
        if let Some(held) = self.cache.upgrade() {
            held.lock().end(self.number, &self.keys);
        }
    }
}

/// Whether the backend has said that there is no such value, or that it may not be had.
fn is_refusal(error: &Error) -> bool {
    use ErrorKind::{AccessDenied, DecryptionFailed, Deleted, NotFound, RoleDenied};
    matches!(error.kind(), NotFound | Deleted | AccessDenied | RoleDenied | DecryptionFailed)
}

/// Nine to ten tenths of it, so that what was fetched together does not expire together everywhere.
fn jittered(time: Duration) -> Duration {
    let random = std::hash::RandomState::new().build_hasher().finish();
    time.mul_f64(0.9 + 0.1 * (random >> 11) as f64 / (1_u64 << 53) as f64)
}
