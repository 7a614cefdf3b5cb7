//! Asks all backends at once, then those that are next in their chains, until each secret is found or its chain ends.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use crate::{
    backend::{Backend, BoxFuture, capabilities::Capabilities, fetch_request::FetchRequest},
    cache::{
        Cache,
        answer::{Answer, Answers, Requests, no_answer},
        backend_call::Deadline,
        fetch_map::{FetchId, FetchMap},
    },
    context::{freshness::Freshness, provenance::Provenance},
    core::{
        error::{Error, ErrorKind},
        origin::Origin,
    },
    resolver::resolution::plan::{Fetch, Plan},
    rt::join_all::join_all,
};

/// Returns the answers to all fetches of the plan. Cached values are used if they are new enough.
pub(crate) async fn fetch_all(
    plan: &Plan,
    deadline: Deadline,
    cache: &Cache,
    freshness: Freshness,
) -> Answers {
    let ask = |backend, requests| -> BoxFuture<'static, Answers> {
        let cache = cache.clone();
        Box::pin(async move { cache.fetch(backend, requests, deadline, freshness).await })
    };
    ask_all(plan, ask).await
}

/// Checks whether each secret of the plan exists; the error of a missing one is `NotFound`. No value is read if the
/// backend can check without.
pub(crate) async fn look_for_all(plan: &Plan, deadline: Deadline, cache: &Cache) -> Answers<()> {
    let ask = |backend, requests| -> BoxFuture<'static, Answers<()>> {
        let cache = cache.clone();
        Box::pin(async move { cache.ask(backend, requests, look_for, deadline).await })
    };
    ask_all(plan, ask).await
}

fn look_for<'a>(
    backend: &'a dyn Backend,
    requests: &'a [FetchRequest<'a>],
) -> BoxFuture<'a, Vec<Result<(), Error>>> {
    let found = move |(place, there): (usize, Result<bool, Error>)| match there {
        Ok(true) => Ok(()),
        Ok(false) => {
            let location = requests.get(place).map(|request| backend.location(request));
            let location = location.unwrap_or_else(|| backend.to_string());
            let message = format!("there is no such secret in {location}");
            Err(Error::new(ErrorKind::NotFound, message)
                .with_help("check its name, or create it there"))
        }
        Err(error) => Err(error),
    };
    Box::pin(
        async move { backend.exists(requests).await.into_iter().enumerate().map(found).collect() },
    )
}

async fn ask_all<A: Send + Unpin + 'static>(
    plan: &Plan,
    ask: impl Fn(Arc<dyn Backend>, Requests) -> BoxFuture<'static, Answers<A>>,
) -> Answers<A> {
    let mut answers = Answers::default();
    let mut open: FetchMap<Search<'_>> = FetchMap::default();
    for (id, fetch) in plan.fetches.iter() {
        match fetch.chain_error() {
            Some(error) => answers.insert(id, answer_without_call(error, fetch)),
            None => open.insert(id, Search { fetch, asked: 0, tried: Vec::new(), is_cached: true }),
        }
    }
    let mut round = 0;
    while !open.is_empty() {
        let calls = calls_of(&open, round);
        let calls = calls.into_iter().map(|call| ask(call.backend, call.requests)).collect();
        let mut given: Vec<(FetchId, Answer<A>)> =
            join_all(calls).await.into_iter().flatten().collect();
        // In the order of the searches: each has at most one answer.
        given.sort_by_key(|(id, _)| *id);
        let mut given = given.into_iter().peekable();
        let searches = std::mem::take(&mut open);
        for (id, mut search) in searches {
            let answer = given.next_if(|(asked, _)| *asked == id).map(|(_, answer)| answer);
            let answer = answer.unwrap_or_else(|| answer_without_call(no_answer(), search.fetch));
            match search.conclude(answer) {
                Some(answer) => answers.insert(id, answer),
                None => open.insert(id, search),
            }
        }
        round += 1;
    }
    answers
}

/// The search for one secret in the backends of its chain, one after another.
struct Search<'a> {
    fetch: &'a Fetch,
    /// How many links of the chain have answered.
    asked: usize,
    /// The types of the backends that do not have the secret, with their answers.
    tried: Vec<(Arc<str>, Error)>,
    /// Whether the answers of all asked backends are cached.
    is_cached: bool,
}

impl Search<'_> {
    /// Takes the answer of the next link; returns `None` if the link after it has to be asked.
    fn conclude<A>(&mut self, answer: Answer<A>) -> Option<Answer<A>> {
        let Answer { result, provenance, entry, lease } = answer;
        let link = self.fetch.links().get(self.asked);
        self.asked += 1;
        let is_last = self.asked >= self.fetch.links().len();
        let result = match result {
            Err(error) if error.kind() == ErrorKind::NotFound && !is_last => {
                if let Some(link) = link {
                    self.is_cached &= link.capabilities.is_cached();
                    // If another part of the backend follows, the error of that part is enough.
                    if !link.is_continued {
                        self.tried.push((provenance.backend.clone(), error));
                    }
                }
                return None;
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !self.tried.is_empty() => {
                self.tried.push((provenance.backend.clone(), error));
                Err(self.not_found_anywhere())
            }
            other => other,
        };
        let answer = Answer { result, provenance, entry, lease };
        Some(if self.is_cached { answer } else { answer.for_one_step() })
    }

    /// Returns one error for a secret that no backend of its chain has, with all places that were searched.
    fn not_found_anywhere(&self) -> Error {
        let place = |(backend, error): &(Arc<str>, Error)| {
            let message = error.problems().first().map_or("", |problem| problem.message());
            format!("{backend}: {message}")
        };
        let places: Vec<_> = self.tried.iter().map(place).collect();
        let help = self.tried.iter().rev().find_map(|(_, error)| error.problems().first()?.help());
        let message = format!("no backend has it ({})", places.join("; "));
        let error = Error::new(ErrorKind::NotFound, message);
        match help {
            Some(help) => error.with_help(help),
            None => error,
        }
    }
}

/// A call to one backend.
struct Call {
    backend: Arc<dyn Backend>,
    requests: Requests,
}

/// Returns one call for each backend that is next in the chain of an open fetch.
fn calls_of(open: &FetchMap<Search<'_>>, round: usize) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for (id, search) in open.iter() {
        let Some(link) = search.fetch.links().get(round) else { continue };
        let request = (id, search.fetch.request_to(link));
        match calls.iter_mut().find(|call| Arc::ptr_eq(&call.backend, &link.backend)) {
            Some(call) => call.requests.push(request),
            None => calls.push(Call { backend: link.backend.clone(), requests: vec![request] }),
        }
    }
    calls
}

impl Fetch {
    /// Returns the reason why no backend can be asked.
    fn chain_error(&self) -> Option<Error> {
        match &self.chain {
            Err(problem) => Some(Error::from_problems(vec![problem.clone()])),
            Ok(chain) if chain.is_empty() => {
                Some(Error::new(ErrorKind::InvalidConfig, "there is no backend to ask"))
            }
            Ok(_) => None,
        }
    }
}

/// Returns the answer to a fetch that no backend answered.
fn answer_without_call<A>(error: Error, fetch: &Fetch) -> Answer<A> {
    let backend = error.problems().first().and_then(|problem| problem.backend());
    let provenance = Provenance {
        backend: backend.unwrap_or_default().into(),
        capabilities: Capabilities::new(),
        id: fetch.request.id.clone(),
        version: None,
        role: fetch.request.role.clone(),
        asked_at: Instant::now(),
        fetched_at: SystemTime::now(),
        fresh_until: None,
        origin: Origin::Backend,
        expiry: None,
    };
    Answer::new(Err(error), provenance)
}
