//! Makes the calls of a plan, all at once.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_secretsmanager::config::Config;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::{
    backend::Fetched,
    backends::aws::{
        answer::SecretAnswer,
        clients::{Clients, ScopeClient},
        error::AwsFailure,
        plan::{Batch, FetchPlan},
        retries::NoRetryOfThrottledBatches,
        target::{ParsedRequest, Target},
    },
    core::error::{Error, ErrorKind},
};

type Outcome = Result<SecretAnswer, Error>;

/// One answer for each request, in order.
pub(super) async fn fetch(
    clients: Arc<Clients>,
    wanted: Vec<ParsedRequest>,
) -> Vec<Result<Fetched, Error>> {
    let mut regions = Vec::with_capacity(wanted.len());
    for request in &wanted {
        regions.push(match &request.region {
            Some(region) => Ok(region.clone()),
            None => clients.default_region().await,
        });
    }
    // What has no region is told beside what is fetched.
    let mut placed = Vec::new();
    let mut answers: Vec<Option<Result<Fetched, Error>>> = Vec::new();
    let mut open = Vec::new();
    for (index, (request, region)) in wanted.into_iter().zip(regions).enumerate() {
        match region {
            Ok(region) => {
                open.push(index);
                placed.push((request, region));
                answers.push(None);
            }
            Err(error) => answers.push(Some(Err(error))),
        }
    }
    let plan = FetchPlan::of(&placed);
    let outcomes = fetch_lots(clients.clone(), plan.lots).await;
    for ((index, (request, _)), (lot, target)) in open.into_iter().zip(placed).zip(plan.places) {
        let outcome = outcomes.get(&(lot, target)).cloned().unwrap_or_else(|| Err(lost()));
        let region = clients.known_default_region();
        let read = |answer| clients.aliases.read(&request, &answer, region);
        answers[index] = Some(outcome.map(read));
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(lost()))).collect()
}

/// The outcome of each lot's targets.
async fn fetch_lots(clients: Arc<Clients>, lots: Vec<Batch>) -> HashMap<(usize, usize), Outcome> {
    let mut running = JoinSet::new();
    for (index, lot) in lots.into_iter().enumerate() {
        let clients = clients.clone();
        running.spawn(async move { (index, fetch_lot(clients, lot).await) });
    }
    let mut outcomes = HashMap::new();
    while let Some(done) = running.join_next().await {
        // One that panicked has no outcomes, which is told of each of its targets.
        let Ok((lot, answers)) = done else { continue };
        outcomes.extend(answers.into_iter().map(|(target, answer)| ((lot, target), answer)));
    }
    outcomes
}

async fn fetch_lot(clients: Arc<Clients>, lot: Batch) -> Vec<(usize, Outcome)> {
    let deadline = deadline(&clients);
    let late = || AwsFailure::late().explain("", &lot.place);
    let client = timeout_at(deadline, clients.client(&lot.place)).await;
    let client = match client.unwrap_or_else(|_| Err(late())) {
        Ok(client) => client,
        Err(error) => {
            return (0..lot.targets.len()).map(|target| (target, Err(error.clone()))).collect();
        }
    };
    let calls = lot.calls(client.batch_refused());
    let targets = Arc::new(lot.targets);
    let mut running = JoinSet::new();
    for batch in calls.batches {
        let fetching = Fetching { clients: clients.clone(), client: client.clone(), deadline };
        let targets = targets.clone();
        running.spawn(async move {
            fetching.batch(batch.map(|index| (index, targets[index].clone())).collect()).await
        });
    }
    for index in calls.singles {
        let fetching = Fetching { clients: clients.clone(), client: client.clone(), deadline };
        let target = targets[index].clone();
        running.spawn(async move { vec![(index, fetching.single(&target).await)] });
    }
    collect(running).await
}

/// A little before the resolver's own, so that what is slow is told with its place, and the rest is not lost.
pub(super) fn deadline(clients: &Clients) -> Instant {
    Instant::now() + clients.config().timeout.mul_f32(0.95)
}

async fn collect(mut running: JoinSet<Vec<(usize, Outcome)>>) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::new();
    while let Some(done) = running.join_next().await {
        outcomes.extend(done.unwrap_or_default());
    }
    outcomes
}

/// The calls to one place.
#[derive(Clone)]
struct Fetching {
    clients: Arc<Clients>,
    client: Arc<ScopeClient>,
    deadline: Instant,
}

impl Fetching {
    async fn single(&self, target: &Target) -> Outcome {
        let id = &target.id;
        let explain = |failure: AwsFailure| failure.explain(id, &self.client.place);
        let call = async {
            // The semaphore is never closed; without a permit nothing is lost but the bound.
            let _permit = self.clients.singles.acquire().await.ok();
            let call = self.client.client.get_secret_value().secret_id(id);
            let call = call.set_version_id(target.version_id.clone());
            call.set_version_stage(target.version_stage.clone()).send().await
        };
        match timeout_at(self.deadline, call).await {
            Err(_) => Err(explain(AwsFailure::late())),
            Ok(Err(error)) => Err(explain(AwsFailure::of(&error))),
            Ok(Ok(output)) => valued(output.into(), explain),
        }
    }

    /// Where batches are refused, each is fetched singly; so is what a batch leaves out, or fails at for a
    /// moment.
    async fn batch(&self, targets: Vec<(usize, Target)>) -> Vec<(usize, Outcome)> {
        let ids: Vec<String> = targets.iter().map(|(_, target)| target.id.clone()).collect();
        let call = timeout_at(self.deadline, self.batch_call(ids)).await;
        let (answers, failures) = match call.unwrap_or_else(|_| Err(AwsFailure::late())) {
            Ok(answered) => answered,
            Err(failure) if failure.refuses_batches() => {
                self.client.remember_that_batches_are_refused();
                return self.singles(targets).await;
            }
            Err(failure) => {
                let place = &self.client.place;
                let each = |(index, target): (usize, Target)| {
                    (index, Err(failure.explain(&target.id, place)))
                };
                return targets.into_iter().map(each).collect();
            }
        };
        let (mut outcomes, mut open) = (Vec::new(), Vec::new());
        for (index, target) in targets {
            let explain = |failure: &AwsFailure| failure.explain(&target.id, &self.client.place);
            let failed = failures.iter().find(|(id, _)| *id == target.id);
            let answer = answers.iter().find(|answer| answer.is_of(&target.id));
            match (answer, failed) {
                (Some(answer), _) => {
                    let answer = valued(answer.clone(), |failure| explain(&failure));
                    outcomes.push((index, answer));
                }
                // What passes is tried again, with the patience that a single request has.
                (None, Some((_, failure))) if failure.kind().is_transient() => {
                    open.push((index, target));
                }
                (None, Some((_, failure))) => outcomes.push((index, Err(explain(failure)))),
                (None, None) => open.push((index, target)),
            }
        }
        outcomes.extend(self.singles(open).await);
        outcomes
    }

    async fn singles(&self, targets: Vec<(usize, Target)>) -> Vec<(usize, Outcome)> {
        let mut running = JoinSet::new();
        for (index, target) in targets {
            let fetching = self.clone();
            running.spawn(async move { vec![(index, fetching.single(&target).await)] });
        }
        collect(running).await
    }

    async fn batch_call(
        &self,
        ids: Vec<String>,
    ) -> Result<(Vec<SecretAnswer>, Vec<(String, AwsFailure)>), AwsFailure> {
        let (mut answers, mut failures, mut next) = (Vec::new(), Vec::new(), None);
        loop {
            let call = self.client.client.batch_get_secret_value();
            let call = call.set_secret_id_list(Some(ids.clone())).set_next_token(next);
            let patient = Config::builder().retry_classifier(NoRetryOfThrottledBatches);
            let output = call.customize().config_override(patient).send().await;
            let output = output.map_err(|error| AwsFailure::of(&error))?;
            answers.extend(
                output.secret_values.unwrap_or_default().into_iter().map(SecretAnswer::from),
            );
            for error in output.errors.unwrap_or_default() {
                let code = error.error_code.unwrap_or_default();
                let failure = AwsFailure::of_item(&code, error.message.as_deref());
                failures.push((error.secret_id.unwrap_or_default(), failure));
            }
            next = further(output.next_token);
            let answered = answers.len() + failures.len();
            // A large answer comes in pages; one that gives nothing new ends it.
            if next.is_none() || answered >= ids.len() {
                return Ok((answers, failures));
            }
        }
    }
}

/// The token of the next page; an empty one is none.
pub(super) fn further(token: Option<String>) -> Option<String> {
    token.filter(|token| !token.is_empty())
}

fn valued(answer: SecretAnswer, explain: impl Fn(AwsFailure) -> Error) -> Outcome {
    if answer.has_value() { Ok(answer) } else { Err(explain(AwsFailure::no_value())) }
}

fn lost() -> Error {
    Error::new(ErrorKind::Unavailable, "the request to AWS Secrets Manager was lost")
        .with_help("this is a mistake in the backend: please report it")
}
