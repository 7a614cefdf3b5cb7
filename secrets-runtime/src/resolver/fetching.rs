//! Asks all backends at once, in rounds: the second round has what the first backend of a chain does not.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use super::plan::{Fetch, Plan};
use crate::{
    Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, context::Barrier, timer::Sleep,
};

/// The answer to a fetch, and the type of the backend that gave it.
pub(crate) type Answer<A = Fetched> = (Result<A, Error>, String);

/// How a backend is asked: one answer per request, in order.
type Ask<A> =
    for<'a> fn(&'a dyn Backend, &'a [FetchRequest<'a>]) -> BoxFuture<'a, Vec<Result<A, Error>>>;

/// The answers to all fetches of the plan, in order.
pub(crate) async fn fetch_all(plan: &Plan, deadline: Instant, timeout: Duration) -> Vec<Answer> {
    ask_all(plan, deadline, timeout, |backend, requests| backend.fetch(requests)).await
}

/// Whether each secret of the plan is there, in order; one that is not is `NotFound`. No value is read where
/// the backend can tell without.
pub(crate) async fn look_for_all(
    plan: &Plan,
    deadline: Instant,
    timeout: Duration,
) -> Vec<Answer<()>> {
    ask_all(plan, deadline, timeout, look_for).await
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
    deadline: Instant,
    timeout: Duration,
    ask: Ask<A>,
) -> Vec<Answer<A>> {
    let unasked = |fetch: &Fetch| {
        let problem = fetch.chain.as_ref().err()?;
        let backend = problem.backend().unwrap_or_default().to_owned();
        Some((Err(Error::from_problems(vec![problem.clone()])), backend))
    };
    let mut answers: Vec<Option<Answer<A>>> = plan.fetches.iter().map(unasked).collect();
    let mut tried: Vec<Vec<Error>> = plan.fetches.iter().map(|_| Vec::new()).collect();
    let mut round = 0;
    loop {
        let open: Vec<usize> =
            (0..plan.fetches.len()).filter(|place| answers[*place].is_none()).collect();
        if open.is_empty() {
            break;
        }
        let mut calls = calls_of(plan, &open, round);
        if calls.is_empty() {
            let none = Error::new(ErrorKind::InvalidConfig, "there is no backend to ask");
            open.iter()
                .for_each(|place| answers[*place] = Some((Err(none.clone()), String::new())));
        }
        run(plan, &mut calls, deadline, timeout, ask).await;
        for call in calls {
            let kind = call.backend.kind().to_owned();
            for (place, answer) in call.places.into_iter().zip(call.answers) {
                let last = round + 1 >= plan.fetches[place].backends().len();
                match answer {
                    Err(error) if error.kind() == ErrorKind::NotFound && !last => {
                        tried[place].push(error);
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound && round > 0 => {
                        tried[place].push(error);
                        let error = nowhere(&plan.fetches[place], &tried[place]);
                        answers[place] = Some((Err(error), kind.clone()));
                    }
                    answer => answers[place] = Some((answer, kind.clone())),
                }
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
struct Call<A> {
    backend: Arc<dyn Backend>,
    places: Vec<usize>,
    answers: Vec<Result<A, Error>>,
}

/// One call to each backend that the open fetches have in this place of their chains.
fn calls_of<A>(plan: &Plan, open: &[usize], round: usize) -> Vec<Call<A>> {
    let mut calls: Vec<Call<A>> = Vec::new();
    for &place in open {
        let Some(backend) = plan.fetches[place].backends().get(round) else { continue };
        match calls.iter_mut().find(|call| Arc::ptr_eq(&call.backend, backend)) {
            Some(call) => call.places.push(place),
            None => {
                let backend = backend.clone();
                calls.push(Call { backend, places: vec![place], answers: Vec::new() });
            }
        }
    }
    calls
}

/// Makes the calls, all at once.
async fn run<A: Unpin>(
    plan: &Plan,
    calls: &mut [Call<A>],
    deadline: Instant,
    timeout: Duration,
    ask: Ask<A>,
) {
    let requests_of = |call: &Call<A>| -> Vec<FetchRequest<'_>> {
        call.places.iter().map(|place| plan.fetches[*place].request()).collect()
    };
    let requests: Vec<_> = calls.iter().map(requests_of).collect();
    let backends: Vec<_> = calls.iter().map(|call| call.backend.clone()).collect();
    let start = |(backend, requests)| start(backend, requests, ask);
    let running = backends.iter().zip(&requests).map(start).collect();
    let outcomes = AllOf { running, sleep: Sleep::until(deadline) }.await;
    for (call, outcome) in calls.iter_mut().zip(outcomes) {
        call.answers = complete(call, outcome, timeout);
    }
}

fn start<'a, A>(
    backend: &'a Arc<dyn Backend>,
    requests: &'a Vec<FetchRequest<'a>>,
    ask: Ask<A>,
) -> Running<'a, A> {
    let _outside = Barrier::outside();
    match catch_unwind(AssertUnwindSafe(|| ask(&**backend, requests))) {
        Ok(future) => Running::Polled(future),
        Err(_) => Running::Done(Outcome::Panicked),
    }
}

/// What became of a call.
enum Outcome<A> {
    Answered(Vec<Result<A, Error>>),
    Panicked,
    Late,
}

/// One answer per request: what a backend left out, and what it did not answer in time, is an error.
fn complete<A>(call: &Call<A>, outcome: Outcome<A>, timeout: Duration) -> Vec<Result<A, Error>> {
    let wanted = call.places.len();
    let all = |error: Error| (0..wanted).map(|_| Err(error.clone())).collect();
    match outcome {
        Outcome::Late => {
            let seconds = timeout.as_secs_f32();
            let message = format!("{} did not answer within {seconds} s", call.backend);
            all(Error::new(ErrorKind::Timeout, message)
                .with_help("try again, or allow it more time with SECRETS_TIMEOUT (seconds)"))
        }
        Outcome::Panicked => all(Error::new(ErrorKind::Unavailable, "the backend panicked")
            .with_help("this is a mistake in the backend: it should give an error instead")),
        Outcome::Answered(answers) if answers.len() > wanted => {
            all(miscounted(answers.len(), wanted))
        }
        Outcome::Answered(mut answers) => {
            let given = answers.len();
            answers.resize_with(wanted, || Err(miscounted(given, wanted)));
            answers
        }
    }
}

fn miscounted(given: usize, wanted: usize) -> Error {
    let message = format!("the backend gave {given} answers to {wanted} requests");
    Error::new(ErrorKind::Unavailable, message)
        .with_help("this is a mistake in the backend: it gives one answer per request, in order")
}

enum Running<'a, A> {
    Polled(BoxFuture<'a, Vec<Result<A, Error>>>),
    Done(Outcome<A>),
}

impl<A> Running<'_, A> {
    /// Drops the future, which is the backend's code too, and may panic.
    fn end(&mut self, outcome: Outcome<A>) {
        let _outside = Barrier::outside();
        let ended = std::mem::replace(self, Self::Done(outcome));
        if catch_unwind(AssertUnwindSafe(|| drop(ended))).is_err() {
            *self = Self::Done(Outcome::Panicked);
        }
    }
}

/// Polls all until each is done or the time is over.
struct AllOf<'a, A> {
    running: Vec<Running<'a, A>>,
    sleep: Sleep,
}

impl<A> Drop for AllOf<'_, A> {
    /// A step that is dropped while it waits drops its backends' futures too.
    fn drop(&mut self) {
        self.running.iter_mut().for_each(|running| running.end(Outcome::Late));
    }
}

impl<A: Unpin> Future for AllOf<'_, A> {
    type Output = Vec<Outcome<A>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        // A backend does not see the secrets of the step that calls the step.
        let _outside = Barrier::outside();
        let mut open = false;
        for running in &mut this.running {
            let Running::Polled(future) = running else { continue };
            let outcome = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(task))) {
                Ok(Poll::Pending) => {
                    open = true;
                    continue;
                }
                Ok(Poll::Ready(answers)) => Outcome::Answered(answers),
                Err(_) => Outcome::Panicked,
            };
            running.end(outcome);
        }
        // The timer is set only by what is not ready at once: files and variables never need it.
        if open && Pin::new(&mut this.sleep).poll(task).is_pending() {
            return Poll::Pending;
        }
        let outcome = |mut running: Running<'_, A>| {
            if let Running::Polled(_) = running {
                running.end(Outcome::Late);
            }
            match running {
                Running::Done(outcome) => outcome,
                Running::Polled(_) => Outcome::Late,
            }
        };
        Poll::Ready(std::mem::take(&mut this.running).into_iter().map(outcome).collect())
    }
}
