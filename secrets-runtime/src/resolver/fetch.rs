//! Asks all backends at once, in rounds: the second round has what the first backend of a chain does not.

use std::sync::Arc;

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        owned_request::OwnedRequest,
    },
    cache::{
        Cache,
        backend_call::{Limit, call},
        lookup::{Got, Kept, Need},
    },
    core::error::{Error, ErrorKind},
    resolver::plan::{Fetch, Plan},
    rt::join_all::join_all,
};

/// The answer to a fetch.
pub(crate) struct Answer<A = Fetched> {
    pub result: Result<A, Error>,
    /// The type of the backend that gave it.
    pub backend: String,
    pub capabilities: Capabilities,
    /// How long it may serve, if it is kept and no other backend must be asked first.
    pub kept: Option<Kept>,
}

/// The answers to all fetches of the plan, in order: of what is kept, those that will do.
pub(crate) async fn fetch_all(
    plan: &Plan,
    limit: Limit,
    cache: Option<&Cache>,
    need: Need,
) -> Vec<Answer> {
    let ask = |backend, requests| -> BoxFuture<'static, Vec<Got>> {
        Box::pin(fetch(backend, requests, limit, cache.cloned(), need))
    };
    ask_all(plan, ask).await
}

/// Whether each secret of the plan is there, in order; one that is not is `NotFound`. No value is read where
/// the backend can tell without.
pub(crate) async fn look_for_all(plan: &Plan, limit: Limit) -> Vec<Answer<()>> {
    let ask = |backend, requests| -> BoxFuture<'static, Vec<Got<()>>> {
        let answers = call(backend, requests, look_for, limit);
        Box::pin(async move { answers.await.into_iter().map(Got::not_kept).collect() })
    };
    ask_all(plan, ask).await
}

async fn fetch(
    backend: Arc<dyn Backend>,
    requests: Vec<OwnedRequest>,
    limit: Limit,
    cache: Option<Cache>,
    need: Need,
) -> Vec<Got> {
    let Some(cache) = cache.filter(|_| backend.capabilities().is_cached()) else {
        let answers = call(backend, requests, |backend, requests| backend.fetch(requests), limit);
        let answers = answers.await;
        return answers.into_iter().map(Got::not_kept).collect();
    };
    cache.fetch(backend, requests, limit, need).await
}

fn look_for<'a>(
    backend: &'a dyn Backend,
    requests: &'a [FetchRequest<'a>],
) -> BoxFuture<'a, Vec<Result<(), Error>>> {
    let told = move |there: Result<bool, Error>| match there {
        Ok(true) => Ok(()),
        Ok(false) => {
            let message = format!("there is no such secret in {backend}");
            Err(Error::new(ErrorKind::NotFound, message)
                .with_help("check its name, or create it there"))
        }
        Err(error) => Err(error),
    };
    Box::pin(async move { backend.exists(requests).await.into_iter().map(told).collect() })
}

async fn ask_all<A: Send + Unpin + 'static>(
    plan: &Plan,
    ask: impl Fn(Arc<dyn Backend>, Vec<OwnedRequest>) -> BoxFuture<'static, Vec<Got<A>>>,
) -> Vec<Answer<A>> {
    let unasked = |fetch: &Fetch| {
        let problem = fetch.chain.as_ref().err()?;
        let backend = problem.backend().unwrap_or_default().to_owned();
        let result = Err(Error::from_problems(vec![problem.clone()]));
        Some(Answer { result, backend, capabilities: Capabilities::new(), kept: None })
    };
    let mut answers: Vec<Option<Answer<A>>> = plan.fetches.iter().map(unasked).collect();
    let mut tried: Vec<Vec<(String, Error)>> = plan.fetches.iter().map(|_| Vec::new()).collect();
    // Whether all backends that were asked before are ones whose answers are kept.
    let mut keeps = vec![true; plan.fetches.len()];
    let mut round = 0;
    loop {
        let open: Vec<usize> =
            (0..plan.fetches.len()).filter(|place| answers[*place].is_none()).collect();
        if open.is_empty() {
            break;
        }
        let calls = calls_of(plan, &open, round);
        if calls.is_empty() {
            let none = Error::new(ErrorKind::InvalidConfig, "there is no backend to ask");
            for &place in &open {
                let (result, backend) = (Err(none.clone()), String::new());
                let capabilities = Capabilities::new();
                answers[place] = Some(Answer { result, backend, capabilities, kept: None });
            }
        }
        let start = |call: &Call| {
            let request = |place: &usize| {
                let fetch = &plan.fetches[*place];
                fetch.request_to(&fetch.links()[round])
            };
            ask(call.backend.clone(), call.places.iter().map(request).collect())
        };
        let outcomes = join_all(calls.iter().map(start).collect()).await;
        for (call, outcome) in calls.into_iter().zip(outcomes) {
            let backend = call.backend.kind();
            for (place, got) in call.places.into_iter().zip(outcome) {
                let Some(link) = plan.fetches[place].links().get(round) else { continue };
                let last = round + 1 >= plan.fetches[place].links().len();
                let result = match got.answer {
                    Err(error) if error.kind() == ErrorKind::NotFound && !last => {
                        if !link.is_continued {
                            tried[place].push((backend.to_owned(), error));
                        }
                        keeps[place] &= link.capabilities.is_cached();
                        continue;
                    }
                    Err(error)
                        if error.kind() == ErrorKind::NotFound && !tried[place].is_empty() =>
                    {
                        tried[place].push((backend.to_owned(), error));
                        Err(nowhere(&tried[place]))
                    }
                    answer => answer,
                };
                let kept = got.kept.filter(|_| keeps[place]);
                let (backend, capabilities) = (backend.to_owned(), link.capabilities);
                answers[place] = Some(Answer { result, backend, capabilities, kept });
            }
        }
        round += 1;
    }
    answers.into_iter().flatten().collect()
}

/// One error for a secret that no backend of its chain has, with every place that was looked in.
fn nowhere(tried: &[(String, Error)]) -> Error {
    let place = |(backend, error): &(String, Error)| {
        let message = error.problems().first().map_or("", |problem| problem.message());
        format!("{backend}: {message}")
    };
    let places: Vec<_> = tried.iter().map(place).collect();
    let help = tried.iter().rev().find_map(|(_, error)| error.problems().first()?.help());
    let error =
        Error::new(ErrorKind::NotFound, format!("no backend has it ({})", places.join("; ")));
    match help {
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// A call to one backend, for the fetches at these places.
struct Call {
    backend: Arc<dyn Backend>,
    places: Vec<usize>,
}

/// One call to each backend that the open fetches have in this place of their chains.
fn calls_of(plan: &Plan, open: &[usize], round: usize) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for &place in open {
        let Some(link) = plan.fetches[place].links().get(round) else { continue };
        match calls.iter_mut().find(|call| Arc::ptr_eq(&call.backend, &link.backend)) {
            Some(call) => call.places.push(place),
            None => calls.push(Call { backend: link.backend.clone(), places: vec![place] }),
        }
    }
    calls
}
