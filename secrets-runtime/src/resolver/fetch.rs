//! Asks all backends at once, in rounds: the second round has what the first backend of a chain does not.

#[cfg(feature = "prefect")]
use std::any::Any;
use std::{sync::Arc, time::Instant};

#[cfg(feature = "prefect")]
use crate::backends::prefect::Prefect;
use crate::{
    backend::{Backend, BoxFuture, fetch_request::FetchRequest},
    cache::{
        Cache,
        answer::{Answer, Answers, Requests},
        backend_call::Deadline,
        fetch_map::FetchMap,
    },
    context::{
        freshness::Freshness,
        provenance::{Provenance, Road},
    },
    core::error::{Error, ErrorKind},
    resolver::plan::{Fetch, Plan},
    rt::join_all::join_all,
};

/// The answers to all fetches of the plan: of what is kept, those that are fresh enough.
pub(crate) async fn fetch_all(
    plan: &Plan,
    deadline: Deadline,
    cache: &Cache,
    freshness: Freshness,
) -> Answers {
    let ask = |backend, requests| -> BoxFuture<'static, Answers> {
        Box::pin(fetch(backend, requests, deadline, cache.clone(), freshness))
    };
    ask_all(plan, ask).await
}

/// Whether each secret of the plan is there; one that is not is `NotFound`. No value is read where the backend can
/// tell without.
pub(crate) async fn look_for_all(plan: &Plan, deadline: Deadline, cache: &Cache) -> Answers<()> {
    let ask = |backend, requests| -> BoxFuture<'static, Answers<()>> {
        let cache = cache.clone();
        Box::pin(async move { cache.ask(backend, requests, look_for, deadline).await })
    };
    ask_all(plan, ask).await
}

async fn fetch(
    backend: Arc<dyn Backend>,
    requests: Requests,
    deadline: Deadline,
    cache: Cache,
    freshness: Freshness,
) -> Answers {
    #[cfg(feature = "prefect")]
    if let Some(prefect) = (&*backend as &dyn Any).downcast_ref::<Prefect>() {
        let asked_at = cache.clock().now();
        let mut answers = Answers::default();
        let mut open = Requests::new();
        for (id, request) in requests {
            match prefect.read_context(&[request.as_request()]).pop().flatten() {
                Some(read) => {
                    let provenance = Provenance::of(&*backend, &request, asked_at);
                    answers.insert(id, Answer::of_backend(read, provenance));
                }
                None => open.push((id, request)),
            }
        }
        if !open.is_empty() {
            answers.extend(cache.fetch(backend.clone(), open, deadline, freshness).await);
        }
        // The local context is looked at again by the next step, so that it may use none of these.
        return answers.into_iter().map(|(id, answer)| (id, answer.for_one_step())).collect();
    }
    cache.fetch(backend, requests, deadline, freshness).await
}

fn look_for<'a>(
    backend: &'a dyn Backend,
    requests: &'a [FetchRequest<'a>],
) -> BoxFuture<'a, Vec<Result<(), Error>>> {
    let found = move |there: Result<bool, Error>| match there {
        Ok(true) => Ok(()),
        Ok(false) => {
            let message = format!("there is no such secret in {backend}");
            Err(Error::new(ErrorKind::NotFound, message)
                .with_help("check its name, or create it there"))
        }
        Err(error) => Err(error),
    };
    Box::pin(async move { backend.exists(requests).await.into_iter().map(found).collect() })
}

async fn ask_all<A: Send + Unpin + 'static>(
    plan: &Plan,
    ask: impl Fn(Arc<dyn Backend>, Requests) -> BoxFuture<'static, Answers<A>>,
) -> Answers<A> {
    let mut answers = Answers::default();
    let mut open: FetchMap<Search<'_>> = FetchMap::default();
    for (id, fetch) in plan.fetches.iter() {
        match fetch.unaskable() {
            Some(error) => answers.insert(id, unasked(error, fetch)),
            None => open.insert(id, Search { fetch, tried: Vec::new(), is_kept: true }),
        }
    }
    let mut round = 0;
    while !open.is_empty() {
        let calls = calls_of(&open, round);
        let calls = calls.into_iter().map(|call| ask(call.backend, call.requests)).collect();
        let mut given: Answers<A> = join_all(calls).await.into_iter().flatten().collect();
        let searches = std::mem::take(&mut open);
        for (id, mut search) in searches {
            let answer = given.remove(id).unwrap_or_else(|| unasked(no_answer(), search.fetch));
            match search.conclude(answer) {
                Some(answer) => answers.insert(id, answer),
                None => open.insert(id, search),
            }
        }
        round += 1;
    }
    answers
}

/// A secret that is looked for in the backends of its chain, one after another.
struct Search<'a> {
    fetch: &'a Fetch,
    /// The answers of the backends that do not have it.
    tried: Vec<Error>,
    /// Whether they are ones whose answers are kept.
    is_kept: bool,
}

impl Search<'_> {
    /// Takes the answer of the next backend; `None` if the one after it is to be asked.
    fn conclude<A>(&mut self, answer: Answer<A>) -> Option<Answer<A>> {
        let chain = self.fetch.backends();
        let Answer { result, provenance, entry } = answer;
        let result = match result {
            Err(error) if error.kind() == ErrorKind::NotFound && chain.len() > 1 => {
                self.is_kept &= chain.get(self.tried.len()).is_some_and(|it| it.is_cached());
                self.tried.push(error);
                if self.tried.len() < chain.len() {
                    return None;
                }
                Err(self.nowhere())
            }
            other => other,
        };
        let answer = Answer { result, provenance, entry };
        Some(if self.is_kept { answer } else { answer.for_one_step() })
    }

    /// One error for a secret that no backend of its chain has, with every place that was looked in.
    fn nowhere(&self) -> Error {
        let place = |(backend, error): (&Arc<dyn Backend>, &Error)| {
            let message = error.problems().first().map_or("", |problem| problem.message());
            format!("{}: {message}", backend.kind())
        };
        let places: Vec<_> = self.fetch.backends().iter().zip(&self.tried).map(place).collect();
        let help = self.tried.iter().rev().find_map(|error| error.problems().first()?.help());
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

/// One call to each backend that the open fetches have in this place of their chains.
fn calls_of(open: &FetchMap<Search<'_>>, round: usize) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for (id, search) in open.iter() {
        let Some(backend) = search.fetch.backends().get(round) else { continue };
        let request = (id, search.fetch.request.clone());
        match calls.iter_mut().find(|call| Arc::ptr_eq(&call.backend, backend)) {
            Some(call) => call.requests.push(request),
            None => calls.push(Call { backend: backend.clone(), requests: vec![request] }),
        }
    }
    calls
}

impl Fetch {
    /// Why no backend can be asked.
    fn unaskable(&self) -> Option<Error> {
        match &self.chain {
            Err(problem) => Some(Error::from_problems(vec![problem.clone()])),
            Ok(chain) if chain.is_empty() => {
                Some(Error::new(ErrorKind::InvalidConfig, "there is no backend to ask"))
            }
            Ok(_) => None,
        }
    }
}

/// The answer where no backend has given one.
fn unasked<A>(error: Error, fetch: &Fetch) -> Answer<A> {
    let backend = error.problems().first().and_then(|problem| problem.backend());
    let provenance = Provenance {
        backend: backend.unwrap_or_default().to_owned(),
        id: fetch.request.id.clone(),
        version: None,
        role: fetch.request.role.clone(),
        asked_at: Instant::now(),
        fresh_until: None,
        road: Road::Backend,
    };
    Answer::new(Err(error), provenance)
}

fn no_answer() -> Error {
    Error::new(ErrorKind::Unavailable, "the backend gave no answer")
}
