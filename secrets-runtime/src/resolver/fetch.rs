//! Asks all backends at once, in rounds: the second round has what the first backend of a chain does not.

#[cfg(feature = "prefect")]
use std::any::Any;
use std::sync::Arc;

#[cfg(feature = "prefect")]
use crate::backends::prefect::Prefect;
use crate::{
    backend::{
        Backend, BoxFuture, Fetched, fetch_request::FetchRequest, owned_request::OwnedRequest,
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
    let Some(cache) = cache.filter(|_| backend.is_cached()) else {
        let answers = call(backend, requests, |backend, requests| backend.fetch(requests), limit);
        let answers = answers.await;
        return answers.into_iter().map(Got::not_kept).collect();
    };
    #[cfg(feature = "prefect")]
    if let Some(prefect) = (&*backend as &dyn Any).downcast_ref::<Prefect>() {
        let asked: Vec<_> = requests.iter().map(OwnedRequest::as_request).collect();
        let read = prefect.read_context(&asked);
        let open = requests.iter().zip(&read).filter(|(_, read)| read.is_none());
        let open: Vec<_> = open.map(|(request, _)| request.clone()).collect();
        let mut answers = match open.is_empty() {
            true => Vec::new(),
            false => cache.fetch(backend.clone(), open, limit, need).await,
        }
        .into_iter();
        // The local context is looked at again by the next step, so that none may be kept with it.
        let lost = || Err(Error::new(ErrorKind::Unavailable, "the backend gave no answer"));
        let next = |read: Option<_>| {
            read.or_else(|| answers.next().map(|got| got.answer)).unwrap_or_else(lost)
        };
        return read.into_iter().map(next).map(Got::not_kept).collect();
    }
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
        Some(Answer { result, backend, kept: None })
    };
    let mut answers: Vec<Option<Answer<A>>> = plan.fetches.iter().map(unasked).collect();
    let mut tried: Vec<Vec<Error>> = plan.fetches.iter().map(|_| Vec::new()).collect();
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
                let backend = String::new();
                answers[place] = Some(Answer { result: Err(none.clone()), backend, kept: None });
            }
        }
        let start = |call: &Call| {
            let requests = call.places.iter().map(|place| plan.fetches[*place].request.clone());
            ask(call.backend.clone(), requests.collect())
        };
        let outcomes = join_all(calls.iter().map(start).collect()).await;
        for (call, outcome) in calls.into_iter().zip(outcomes) {
            let backend = call.backend.kind();
            for (place, got) in call.places.into_iter().zip(outcome) {
                let last = round + 1 >= plan.fetches[place].backends().len();
                let result = match got.answer {
                    Err(error) if error.kind() == ErrorKind::NotFound && !last => {
                        tried[place].push(error);
                        keeps[place] &= call.backend.is_cached();
                        continue;
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound && round > 0 => {
                        tried[place].push(error);
                        Err(nowhere(&plan.fetches[place], &tried[place]))
                    }
                    answer => answer,
                };
                let kept = got.kept.filter(|_| keeps[place]);
                answers[place] = Some(Answer { result, backend: backend.to_owned(), kept });
            }
        }
        round += 1;
    }
    answers.into_iter().flatten().collect()
}

/// One error for a secret that no backend of its chain has, with every place that was looked in.
fn nowhere(fetch: &Fetch, tried: &[Error]) -> Error {
    let place = |(backend, error): (&Arc<dyn Backend>, &Error)| {
        let message = error.problems().first().map_or("", |problem| problem.message());
        format!("{}: {message}", backend.kind())
    };
    let places: Vec<_> = fetch.backends().iter().zip(tried).map(place).collect();
    let help = tried.iter().rev().find_map(|error| error.problems().first()?.help());
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
        let Some(backend) = plan.fetches[place].backends().get(round) else { continue };
        match calls.iter_mut().find(|call| Arc::ptr_eq(&call.backend, backend)) {
            Some(call) => call.places.push(place),
            None => calls.push(Call { backend: backend.clone(), places: vec![place] }),
        }
    }
    calls
}
