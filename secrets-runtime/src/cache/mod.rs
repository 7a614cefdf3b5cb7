//! The cache: stands between the resolver and the backends, and returns a fetched value to later steps until it
//! expires.
//!
//! A step asks the cache once, when it starts. Steps that want one secret at the same time wait for one request; if
//! the request fails, all of them get the error; errors are not cached. An expired value can still be used for a while
//! if its backend throttles or is down. An entry that has ended, was replaced or was evicted is dropped at once, and
//! so its value is wiped as soon as no step holds it.
//!
//! The words of this folder:
//!
//! - *entry*: a fetched value, with the keys under which it is found and the times when it expires and ends.
//! - *cached*: stored in an entry that has not expired.
//! - *expired but usable*: stored in an entry that has expired and not ended. It is used only if the backend fails for
//!   the moment.
//! - *running request*: a request in a call of a backend that has not ended. Later steps join the call.
//! - *derived result*: what a step has assembled from entries. It is valid until one of the entries changes.

pub(crate) mod answer;
pub(crate) mod backend_call;
mod call_completion;
mod derived;
mod entries;
pub(crate) mod fetch_map;
pub(crate) mod forbid_backends;
mod key;
mod lease;
mod lookup;
mod pending;
mod single_flight;
mod state;
pub(crate) mod step_cache;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    backend::{Backend, BoxFuture, Fetched},
    cache::{
        answer::{Answer, Answers, IdentifiedRequest, Requests},
        backend_call::{Ask, Deadline, NamedAnswer, call},
        key::Key,
        lease::call::lease_call,
        lookup::{JoinedCall, Lookup},
        state::CacheState,
    },
    context::{freshness::Freshness, open_lease::OpenLease, provenance::Provenance},
    core::{error::ErrorKind, escape::escape_name, timestamp::Timestamp, warning::warn},
    rt::{clock::Clock, join_all::join_all, timer::Sleep},
};

/// How long a failing backend is not asked again while its expired values are used.
const PAUSE: Duration = Duration::from_secs(5);

/// The cache of one resolver, for all its backends.
#[derive(Clone)]
pub(crate) struct Cache(Arc<CacheState>);

impl Cache {
    pub(crate) fn new(ttl: Duration, stale: Duration, clock: Clock) -> Self {
        Self(CacheState::new(ttl, stale, clock))
    }

    /// Creates a cache that stores nothing: each request goes to its backend.
    pub(crate) fn off() -> Self {
        Self::new(Duration::ZERO, Duration::ZERO, Clock::default())
    }

    /// Returns the answers to these requests. Asks the backend for those that are neither cached nor requested by a
    /// running call.
    pub(crate) async fn fetch(
        &self,
        backend: Arc<dyn Backend>,
        mut requests: Requests,
        deadline: Deadline,
        freshness: Freshness,
    ) -> Answers {
        if freshness != Freshness::Unexpired {
            let requests = requests.iter_mut();
            requests.for_each(|(_, it)| Arc::make_mut(&mut it.request).is_refresh = true);
        }
        if self.0.ttl.is_zero() || !backend.capabilities().is_cached() {
            let ask: Ask<Fetched> = |it, requests| it.fetch(requests);
            let answers = self.ask(backend.clone(), requests, ask, deadline).await;
            let answer = |(id, answer): (_, Answer)| {
                let mut answer = Answer::of_backend(answer.result, answer.provenance);
                if answer.found().is_ok_and(|it| it.lease().is_some() || it.expiry().is_some()) {
                    self.0.with_contents(|contents, _| {
                        self.0.manage_lease(contents, &backend, &mut answer, deadline.timeout);
                    });
                }
                (id, answer)
            };
            return answers.into_iter().map(answer).collect();
        }
        let (lookups, waiters) = self.0.look_up(&backend, requests, deadline, freshness);
        let completions: HashMap<_, _> = join_all(waiters).await.into_iter().collect();
        let answer = |lookup| match lookup {
            Lookup::Hit(answer) => answer,
            Lookup::Joined(joined) => {
                let JoinedCall { call, is_own, key, asked } = *joined;
                let completion = completions.get(&call).and_then(Option::as_ref);
                let answer = match completion.map(|it| it.answer(&key, is_own)) {
                    Some(Ok(answer)) => answer.clone().asked_as(asked.clone()),
                    Some(Err(error)) => Answer::new(Err(error), asked.clone()),
                    None => Answer::new(Err(deadline.timeout_error(&*backend)), asked.clone()),
                };
                // If answers may belong to other secrets, no expired value may hide this failure.
                match completion.is_none_or(|it| it.is_order_trusted) {
                    true => self.or_expired(&*backend, &key, answer, asked, freshness),
                    false => answer,
                }
            }
        };
        lookups.into_iter().map(|(id, lookup)| (id, answer(lookup))).collect()
    }

    /// Asks a backend, whether or not values are cached, and caches nothing.
    pub(crate) async fn ask<A: NamedAnswer + Send + Unpin + 'static>(
        &self,
        backend: Arc<dyn Backend>,
        requests: Requests,
        ask: Ask<A>,
        deadline: Deadline,
    ) -> Answers<A> {
        let (asked_at, time) = (self.0.clock.now(), SystemTime::now());
        let (kind, capabilities) = (Arc::from(backend.kind()), backend.capabilities());
        let asked = requests.into_iter().map(|(id, asked)| {
            let request = &asked.request;
            ((id, Provenance::of((&kind, capabilities), request, asked_at, time)), asked)
        });
        let asked = asked.collect();
        let answers = call(backend, asked, ask, deadline).await.answers;
        let answer = |((id, asked), result)| (id, Answer::new(result, asked));
        answers.into_iter().map(answer).collect()
    }

    /// Makes all entries of this secret expire, in every role, region and version.
    pub(crate) fn expire(&self, backend: &dyn Backend, asked: &IdentifiedRequest) {
        let key = Key::of(&backend.kind().into(), asked);
        let now = self.0.clock.now();
        self.0.change(|contents, dropped| {
            let names = contents.entries.expire(&key, now, now + self.0.stale, dropped);
            let is_of = |other: &Key| other.kind == key.kind && names.contains(other.secret());
            contents.pending.forget(is_of);
        });
    }

    /// Drops everything, and caches nothing from now on. All leases are revoked, also those that steps hold; then the
    /// backends are shut down, all at the same time. The leases have half of the time until the deadline, so that one
    /// lease whose revocation hangs does not stop the shutdown of the backends.
    pub(crate) async fn close(&self, backends: Vec<Arc<dyn Backend>>, deadline: Deadline) {
        let leases = self.0.change(|contents, dropped| {
            contents.pending.forget(|_| true);
            contents.entries.close(dropped);
            contents.leases.all()
        });
        leases.iter().for_each(|lease| lease.shut_down());
        let patience = deadline.timeout / 2;
        let mut sleep = Sleep::until(Instant::now() + patience);
        let mut open = leases;
        poll_fn(|task| {
            open.retain(|lease| !lease.is_over(task.waker()));
            match open.is_empty() {
                true => Poll::Ready(()),
                false => Pin::new(&mut sleep).poll(task),
            }
        })
        .await;
        for lease in open {
            warn(&format!(
                "the lease `{}` of the secret `{}` is not revoked: its backend did not answer within {} s; it ends at {}",
                escape_name(lease.lease().id()),
                escape_name(lease.secret()),
                patience.as_secs_f32(),
                Timestamp(lease.expires_at()),
            ));
        }
        let shut_down = backends.into_iter().map(|backend| -> BoxFuture<'static, ()> {
            Box::pin(async move {
                let ask = |backend: Arc<dyn Backend>| -> BoxFuture<'static, _> {
                    Box::pin(async move { backend.shutdown().await })
                };
                let Err(error) = lease_call(&backend, deadline, ask).await else { return };
                if error.kind() != ErrorKind::NotSupported {
                    warn(&format!("{backend} could not be shut down cleanly: {error}"));
                }
            })
        });
        join_all(shut_down.collect()).await;
    }

    /// Called when the last handle of the resolver is dropped. Drops the derived results (they refer to the resolver,
    /// and so to this cache) and the entries with leases, which are then revoked.
    pub(crate) fn drop_derived(&self) {
        self.0.change(|contents, dropped| {
            contents.entries.drop_derived(dropped);
            contents.entries.drop_leases(dropped);
        });
    }

    /// Returns the leases that are not over.
    pub(crate) fn leases(&self) -> Vec<OpenLease> {
        let leases = self.0.with_contents(|contents, _| contents.leases.all());
        leases.iter().map(|lease| lease.shown()).collect()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Returns the answer, or, if the backend fails for the moment, the expired value that is still usable.
    fn or_expired(
        &self,
        backend: &dyn Backend,
        key: &Key,
        answer: Answer,
        asked: Provenance,
        freshness: Freshness,
    ) -> Answer {
        let Err(error) = &answer.result else { return answer };
        if freshness != Freshness::Unexpired || !error.is_transient() {
            return answer;
        }
        let now = self.0.clock.now();
        let pause = PAUSE.min(self.0.ttl);
        let found = self.0.with_contents(|contents, _| {
            let (found, is_first) = contents.entries.find_expired(key, now, pause)?;
            let found = found.hold()?;
            Some((found.end(), found.answer(asked), is_first))
        });
        let Some((end, stale, is_first)) = found else { return answer };
        if is_first {
            let message = error.problems().first().map_or("", |problem| problem.message());
            warn(&format!(
                "the secret `{}` cannot be fetched again from {backend} ({}: {message}); the value fetched {} s ago still serves, for {} s at most",
                escape_name(key.secret()),
                error.kind(),
                now.duration_since(stale.provenance.asked_at).as_secs(),
                end.saturating_duration_since(now).as_secs_f32().ceil(),
            ));
        }
        stale
    }
}
