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
            fetch::plan::{FetchPlan, PlannedTarget, ScopePlan},
            io_call::{SECRETS_MANAGER, lost},
            retries::NoRetryOfThrottledBatches,
        },
        target::{ParsedRequest, Target},
    },
    core::error::{Error, ErrorKind},
};

/// An answer, with the place of its request among all requests.
type PlacedAnswer = (usize, Result<Fetched, Error>);

/// Fetches all requests: one answer for each, in order.
pub(super) async fn fetch(
    clients: Arc<Clients>,
    wanted: Vec<ParsedRequest>,
) -> Vec<Result<Fetched, Error>> {
    let default_region = match wanted.iter().all(|request| request.region.is_some()) {
        true => Ok(String::new()),
        false => clients.default_region().await,
    };
    let mut answers: Vec<Option<Result<Fetched, Error>>> = Vec::with_capacity(wanted.len());
    let mut placed = Vec::with_capacity(wanted.len());
    for (place, request) in wanted.into_iter().enumerate() {
        match &default_region {
            // A request without a region fails beside those that are fetched.
            Err(error) if request.region.is_none() => answers.push(Some(Err(error.clone()))),
            _ => {
                placed.push((place, request));
                answers.push(None);
            }
        }
    }
    let plan = FetchPlan::of(placed, default_region.as_deref().unwrap_or_default());
    let mut running = JoinSet::new();
    for scope in plan.scopes {
        running.spawn(fetch_scope(clients.clone(), scope));
    }
    // What a task that panicked has fetched is lost.
    for (place, answer) in collect(running).await {
        answers[place] = Some(answer);
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(lost(SECRETS_MANAGER)))).collect()
}

async fn fetch_scope(clients: Arc<Clients>, part: ScopePlan) -> Vec<PlacedAnswer> {
    let deadline = deadline(&clients);
    let timed_out = || AwsFailure::timed_out().explain("", &part.scope);
    let client = timeout_at(deadline, clients.client(&part.scope)).await;
    let client = match client.unwrap_or_else(|_| Err(timed_out())) {
        Ok(client) => client,
        Err(error) => {
            let all = part.targets.iter().flat_map(|it| it.answers(|_| Err(error.clone())));
            return all.collect();
        }
    };
    let sizes = part.batch_sizes(client.batches.forbids());
    // The batches come first, each one after the other.
    let mut targets = part.targets.into_iter();
    let mut running = JoinSet::new();
    let fetching = Fetching { clients, client, deadline };
    for size in sizes {
        let fetching = fetching.clone();
        let batch: Vec<_> = targets.by_ref().take(size).collect();
        running.spawn(async move { fetching.batch(batch).await });
    }
    for target in targets {
        let fetching = fetching.clone();
        running.spawn(async move { fetching.single(&target).await });
    }
    collect(running).await
}

/// A little before the resolver's deadline, so that the error names what is slow, and the other answers are not lost.
pub(super) fn deadline(clients: &Clients) -> Instant {
    Instant::now() + clients.config().timeout.mul_f32(0.95)
}

async fn collect(mut running: JoinSet<Vec<PlacedAnswer>>) -> Vec<PlacedAnswer> {
    let mut answers = Vec::new();
    while let Some(done) = running.join_next().await {
        answers.extend(done.unwrap_or_default());
    }
    answers
}

/// What the calls to one scope share.
#[derive(Clone)]
struct Fetching {
    clients: Arc<Clients>,
    client: Arc<ScopeClient>,
    deadline: Instant,
}

impl Fetching {
    async fn single(&self, wanted: &PlannedTarget) -> Vec<PlacedAnswer> {
        let target = wanted.target();
        let outcome = self.single_call(target).await.and_then(|answer| {
            let (version, role) = (target.version_id.as_deref(), self.client.scope.role.as_deref());
            match answer.is_about(&target.id, version, role) {
                true => Ok(answer),
                false => {
                    let failure = AwsFailure::of_another(answer.name(), answer.arn());
                    Err(failure.explain(&target.id, &self.client.scope))
                }
            }
        });
        self.answers(wanted, outcome.as_ref().map_err(Error::clone)).collect()
    }

    async fn single_call(&self, target: &Target) -> Result<SecretAnswer, Error> {
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
            Err(_) => Err(explain(AwsFailure::timed_out())),
            Ok(Err(error)) => Err(explain(AwsFailure::of(&error))),
            Ok(Ok(output)) => Ok(SecretAnswer::from(output)),
        }
    }

    /// Returns the answers to the requests of a target.
    fn answers(
        &self,
        wanted: &PlannedTarget,
        outcome: Result<&SecretAnswer, Error>,
    ) -> impl Iterator<Item = PlacedAnswer> {
        let region = self.clients.known_default_region();
        let outcome = outcome.and_then(|answer| match answer.has_value() {
            true => Ok(answer),
            false => Err(AwsFailure::no_value().explain(&wanted.target().id, &self.client.scope)),
        });
        wanted.answers(move |request| match &outcome {
            Ok(answer) => Ok(self.clients.aliases.read(request, answer, region)),
            Err(error) => Err(error.clone()),
        })
    }

    /// Fetches targets by one batch. Each is fetched by itself if batches are refused; so is one that the batch leaves
    /// out, answers with another secret, or fails at for a moment.
    async fn batch(&self, targets: Vec<PlannedTarget>) -> Vec<PlacedAnswer> {
        let ids: Vec<String> = targets.iter().map(|it| it.target().id.clone()).collect();
        let call = timeout_at(self.deadline, self.batch_call(ids.clone())).await;
        let (batch, failures) = match call.unwrap_or_else(|_| Err(AwsFailure::timed_out())) {
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
                let each = |wanted: &PlannedTarget| {
                    let error = failure.explain(&wanted.target().id, &self.client.scope);
                    wanted.answers(move |_| Err(error.clone())).collect::<Vec<_>>()
                };
                return targets.iter().flat_map(each).collect();
            }
        };
        let (mut answers, mut open) = (Vec::with_capacity(targets.len()), Vec::new());
        let role = self.client.scope.role.as_deref();
        for wanted in targets {
            let id = &wanted.target().id;
            match SecretAnswer::of_batch(id, &ids, &batch, &failures) {
                Some(Ok(answer)) if answer.is_about(id, None, role) => {
                    answers.extend(self.answers(&wanted, Ok(answer)));
                }
                Some(Err(failure)) if !failure.kind().is_transient() => {
                    let error = failure.explain(id, &self.client.scope);
                    answers.extend(self.answers(&wanted, Err(error)));
                }
                // A failure that passes is tried again, as a single request is. Another secret does not count.
                Some(_) | None => open.push(wanted),
            }
        }
        answers.extend(self.singles(open).await);
        answers
    }

    async fn singles(&self, targets: Vec<PlannedTarget>) -> Vec<PlacedAnswer> {
        let mut running = JoinSet::new();
        for wanted in targets {
            let fetching = self.clone();
            running.spawn(async move { fetching.single(&wanted).await });
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
            let values = output.secret_values.unwrap_or_default().into_iter();
            answers.extend(values.map(SecretAnswer::from));
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
