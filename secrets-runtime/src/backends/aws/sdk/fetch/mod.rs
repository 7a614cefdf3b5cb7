//! Makes the calls of a plan, all at once.

mod answers;
pub(super) mod batch_memory;
pub(super) mod existence;
mod plan;

use std::sync::Arc;

use aws_sdk_secretsmanager::config::Config;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::{
    backend::Fetched,
    backends::aws::{
        answer::SecretAnswer,
        sdk::{
            clients::{Clients, ScopeClient},
            error::AwsFailure,
            fetch::plan::{FetchPlan, ScopePlan},
            io_call::{SECRETS_MANAGER, lost},
            retries::NoRetryOfThrottledBatches,
        },
        target::{ParsedRequest, Target},
    },
    core::error::{Error, ErrorKind},
};

type Outcome = Result<Arc<SecretAnswer>, Error>;

/// Fetches all requests: one answer for each, in order.
pub(super) async fn fetch(
    clients: Arc<Clients>,
    wanted: Vec<ParsedRequest>,
) -> Vec<Result<Fetched, Error>> {
    let mut regions = Vec::with_capacity(wanted.len());
    let mut default_region: Option<Result<String, Error>> = None;
    for request in &wanted {
        regions.push(match (&request.region, &default_region) {
            (Some(region), _) => Ok(region.clone()),
            (None, Some(region)) => region.clone(),
            (None, None) => default_region.insert(clients.default_region().await).clone(),
        });
    }
    // A request without a region fails beside those that are fetched.
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
    let outcomes = fetch_scopes(clients.clone(), plan.scopes).await;
    let region = clients.known_default_region();
    for ((index, (request, _)), (scope, target)) in open.into_iter().zip(placed).zip(plan.places) {
        let read = |answer: &Arc<SecretAnswer>| clients.aliases.read(&request, answer, region);
        answers[index] =
            outcomes[scope][target].as_ref().map(|it| it.as_ref().map(read).map_err(Error::clone));
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(lost(SECRETS_MANAGER)))).collect()
}

/// Fetches the targets of each scope, all scopes at once: an outcome for each target, by the places of both. A target
/// whose task panicked has none.
async fn fetch_scopes(clients: Arc<Clients>, scopes: Vec<ScopePlan>) -> Vec<Vec<Option<Outcome>>> {
    let empty = |scope: &ScopePlan| scope.targets.iter().map(|_| None).collect();
    let mut outcomes: Vec<Vec<Option<Outcome>>> = scopes.iter().map(empty).collect();
    let mut running = JoinSet::new();
    for (index, scope) in scopes.into_iter().enumerate() {
        let clients = clients.clone();
        running.spawn(async move { (index, fetch_scope(clients, scope).await) });
    }
    while let Some(done) = running.join_next().await {
        let Ok((scope, answers)) = done else { continue };
        for (target, outcome) in answers {
            outcomes[scope][target] = Some(outcome);
        }
    }
    outcomes
}

async fn fetch_scope(clients: Arc<Clients>, part: ScopePlan) -> Vec<(usize, Outcome)> {
    let deadline = deadline(&clients);
    let late = || AwsFailure::late().explain("", &part.scope);
    let client = timeout_at(deadline, clients.client(&part.scope)).await;
    let client = match client.unwrap_or_else(|_| Err(late())) {
        Ok(client) => client,
        Err(error) => {
            return (0..part.targets.len()).map(|target| (target, Err(error.clone()))).collect();
        }
    };
    let calls = part.calls(client.batches.forbids());
    // The batches come first, each one after the other.
    let mut targets = part.targets.into_iter().enumerate();
    let mut running = JoinSet::new();
    for batch in calls.batches {
        let fetching = Fetching { clients: clients.clone(), client: client.clone(), deadline };
        let batch: Vec<_> = targets.by_ref().take(batch.len()).collect();
        running.spawn(async move { fetching.batch(batch).await });
    }
    for (index, target) in targets {
        let fetching = Fetching { clients: clients.clone(), client: client.clone(), deadline };
        running.spawn(async move { vec![(index, fetching.single(&target).await)] });
    }
    collect(running).await
}

/// A little before the resolver's deadline, so that the error names what is slow, and the other answers are not lost.
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

/// What the calls to one scope share.
#[derive(Clone)]
struct Fetching {
    clients: Arc<Clients>,
    client: Arc<ScopeClient>,
    deadline: Instant,
}

impl Fetching {
    async fn single(&self, target: &Target) -> Outcome {
        let id = &target.id;
        let explain = |failure: AwsFailure| failure.explain(id, &self.client.scope);
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
            Ok(Ok(output)) => {
                let answer = Arc::new(SecretAnswer::from(output));
                let (version, role) =
                    (target.version_id.as_deref(), self.client.scope.role.as_deref());
                match answer.is_about(id, version, role) {
                    true => valued(answer, explain),
                    false => Err(explain(AwsFailure::of_another(answer.name(), answer.arn()))),
                }
            }
        }
    }

    /// Fetches targets by one batch. Each is fetched by itself if batches are refused; so is one that the batch leaves
    /// out, answers with another secret, or fails at for a moment.
    async fn batch(&self, targets: Vec<(usize, Target)>) -> Vec<(usize, Outcome)> {
        let ids: Vec<String> = targets.iter().map(|(_, target)| target.id.clone()).collect();
        let call = timeout_at(self.deadline, self.batch_call(ids.clone())).await;
        let (answers, failures) = match call.unwrap_or_else(|_| Err(AwsFailure::late())) {
            Ok(answered) => {
                self.client.batches.succeeded();
                answered
            }
            Err(failure) if failure.refuses_batches() => {
                match failure.kind() {
                    ErrorKind::Throttled => self.client.batches.throttled(),
                    _ => self.client.batches.refused(),
                }
                return self.singles(targets).await;
            }
            Err(failure) => {
                let scope = &self.client.scope;
                let each = |(index, target): (usize, Target)| {
                    (index, Err(failure.explain(&target.id, scope)))
                };
                return targets.into_iter().map(each).collect();
            }
        };
        let (mut outcomes, mut open) = (Vec::new(), Vec::new());
        let role = self.client.scope.role.as_deref();
        for (index, target) in targets {
            let explain = |failure: &AwsFailure| failure.explain(&target.id, &self.client.scope);
            match SecretAnswer::of_batch(&target.id, &ids, &answers, &failures) {
                Some(Ok(answer)) if answer.is_about(&target.id, None, role) => {
                    let answer = valued(answer.clone(), |failure| explain(&failure));
                    outcomes.push((index, answer));
                }
                Some(Err(failure)) if !failure.kind().is_transient() => {
                    outcomes.push((index, Err(explain(failure))));
                }
                // A failure that passes is tried again, as a single request is. Another secret does not count.
                Some(_) | None => open.push((index, target)),
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
    ) -> Result<(Vec<Arc<SecretAnswer>>, Vec<(String, AwsFailure)>), AwsFailure> {
        let (mut answers, mut failures, mut next) = (Vec::new(), Vec::new(), None);
        loop {
            let call = self.client.client.batch_get_secret_value();
            let call = call.set_secret_id_list(Some(ids.clone())).set_next_token(next);
            let patient = Config::builder().retry_classifier(NoRetryOfThrottledBatches);
            let output = call.customize().config_override(patient).send().await;
            let output = output.map_err(|error| AwsFailure::of(&error))?;
            let values = output.secret_values.unwrap_or_default().into_iter();
            answers.extend(values.map(SecretAnswer::from).map(Arc::new));
            for error in output.errors.unwrap_or_default() {
                let code = error.error_code.unwrap_or_default();
                let failure = AwsFailure::of_item(&code, error.message.as_deref());
                failures.push((error.secret_id.unwrap_or_default(), failure));
            }
            next = further(output.next_token);
            let answered = answers.len() + failures.len();
            // A large answer comes in pages; a page without anything new ends it.
            if next.is_none() || answered >= ids.len() {
                return Ok((answers, failures));
            }
        }
    }
}

/// Returns the token of the next page, unless it is empty.
pub(super) fn further(token: Option<String>) -> Option<String> {
    token.filter(|token| !token.is_empty())
}

fn valued(answer: Arc<SecretAnswer>, explain: impl Fn(AwsFailure) -> Error) -> Outcome {
    if answer.has_value() { Ok(answer) } else { Err(explain(AwsFailure::no_value())) }
}
