//! Makes the calls of a plan, all at once.

use std::{collections::HashMap, sync::Arc};

use secrets_spec::ParameterId;
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::{
    backend::Fetched,
    backends::aws::{
        parameter::{ParameterAnswer, ParameterRequest, ParameterTarget},
        sdk::{
            error::AwsFailure,
            fetch::deadline,
            io_call::{PARAMETER_STORE, lost},
            ssm::{
                client::{ParameterClient, ParameterClients},
                plan::{ParameterPlan, ParameterScope},
            },
        },
    },
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::json::{self, Json, form::Form},
};

/// What AWS has for a target.
#[derive(Clone)]
enum ParameterResult {
    One(Arc<ParameterAnswer>),
    Set(Arc<Vec<(String, SecretValue)>>),
}

type Outcome = Result<ParameterResult, Error>;

/// Fetches all requests: one answer for each, in order.
pub(super) async fn fetch(
    clients: Arc<ParameterClients>,
    wanted: Vec<ParameterRequest>,
) -> Vec<Result<Fetched, Error>> {
    let outcomes = ask(clients, &wanted, true).await;
    let answer = |(request, outcome): (&ParameterRequest, Outcome)| match outcome? {
        ParameterResult::One(answer) => Ok(request.read(&answer)),
        ParameterResult::Set(fields) => {
            let fetched = Fetched::fields(fields.iter().cloned());
            Ok(fetched.with_name(&request.id).with_identity(request.identity()))
        }
    };
    wanted.iter().zip(outcomes).map(answer).collect()
}

/// Checks which of the requests are there: one answer for each, in order.
pub(super) async fn exists(
    clients: Arc<ParameterClients>,
    wanted: Vec<ParameterRequest>,
) -> Vec<Result<bool, Error>> {
    let outcomes = ask(clients, &wanted, false).await;
    let answer = |outcome: Outcome| match outcome {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
    outcomes.into_iter().map(answer).collect()
}

async fn ask(
    clients: Arc<ParameterClients>,
    wanted: &[ParameterRequest],
    is_decrypted: bool,
) -> Vec<Outcome> {
    let mut regions = Vec::with_capacity(wanted.len());
    for request in wanted {
        regions.push(match &request.region {
            Some(region) => Ok(region.clone()),
            None => clients.clients.default_region().await,
        });
    }
    // A request without a region fails beside those that are fetched.
    let placed = wanted.iter().zip(&regions);
    let placed = placed.filter_map(|(request, region)| Some((request, region.as_deref().ok()?)));
    let plan = ParameterPlan::of(placed);
    let deadline = deadline(&clients.clients);
    let mut running = JoinSet::new();
    for (index, part) in plan.scopes.into_iter().enumerate() {
        let clients = clients.clone();
        running.spawn(async move {
            let part = Arc::new(part);
            let client = timeout_at(deadline, clients.client(&part.scope)).await;
            let timed_out = || Err(AwsFailure::timed_out().explain("", &part.scope));
            let outcomes = match client.unwrap_or_else(|_| timed_out()) {
                Ok(client) => {
                    let role = part.scope.role.clone();
                    ParameterFetch { clients, client, role, deadline, is_decrypted }.all(part).await
                }
                Err(error) => {
                    (0..part.targets.len()).map(|target| (target, Err(error.clone()))).collect()
                }
            };
            (index, outcomes)
        });
    }
    let mut outcomes: HashMap<(usize, usize), Outcome> = HashMap::new();
    while let Some(done) = running.join_next().await {
        // A task that panicked has no outcomes: each of its targets is reported as lost.
        let Ok((part, found)) = done else { continue };
        outcomes.extend(found.into_iter().map(|(target, outcome)| ((part, target), outcome)));
    }
    let mut places = plan.places.into_iter();
    let outcome = |region: Result<String, Error>| {
        region?;
        let found = places.next().and_then(|place| outcomes.get(&place).cloned());
        found.unwrap_or_else(|| Err(lost(PARAMETER_STORE)))
    };
    regions.into_iter().map(outcome).collect()
}

/// What the calls to one scope share.
#[derive(Clone)]
pub(super) struct ParameterFetch {
    clients: Arc<ParameterClients>,
    client: Arc<ParameterClient>,
    role: Option<String>,
    deadline: Instant,
    is_decrypted: bool,
}

impl ParameterFetch {
    /// Fetches the targets of the scope.
    async fn all(self, part: Arc<ParameterScope>) -> Vec<(usize, Outcome)> {
        let mut running = JoinSet::new();
        for batch in part.batches() {
            let (fetch, part) = (self.clone(), part.clone());
            running.spawn(async move {
                let id = |index: usize| match &part.targets[index] {
                    ParameterTarget::One(id) | ParameterTarget::Set(id) => (index, id.clone()),
                };
                fetch.batch(batch.into_iter().map(id).collect()).await
            });
        }
        for (index, path) in part.sets() {
            let (fetch, path) = (self.clone(), path.to_owned());
            running.spawn(async move { vec![(index, fetch.set(&path).await)] });
        }
        collect(running).await
    }

    /// Fetches parameters by one request. Each is fetched by itself if the request is refused because of one of them, and
    /// so is one that it does not answer.
    async fn batch(&self, ids: Vec<(usize, String)>) -> Vec<(usize, Outcome)> {
        let names: Vec<&str> = ids.iter().map(|(_, id)| id.as_str()).collect();
        let mut outcomes = Vec::with_capacity(ids.len());
        let mut open = Vec::new();
        match self.get(&names).await {
            Err(failure) if ids.len() > 1 && failure.is_about_what_is_asked() => open = ids,
            Err(failure) => {
                let each = |(index, id): (usize, String)| (index, Err(self.explain(&failure, &id)));
                outcomes.extend(ids.into_iter().map(each));
            }
            Ok(answers) => {
                for (index, id) in ids {
                    match self.about(&answers, &id) {
                        Some(outcome) => outcomes.push((index, outcome)),
                        None => open.push((index, id)),
                    }
                }
            }
        }
        let mut running = JoinSet::new();
        for (index, id) in open {
            let fetch = self.clone();
            running.spawn(async move { vec![(index, fetch.single(&id).await)] });
        }
        outcomes.extend(collect(running).await);
        outcomes
    }

    async fn single(&self, id: &str) -> Outcome {
        let answers = self.get(&[id]).await.map_err(|failure| self.explain(&failure, id))?;
        let another = || Err(self.explain(&answers.of_another(), id));
        self.about(&answers, id).unwrap_or_else(another)
    }

    /// Returns what an answer says about a parameter, if it says anything.
    fn about(&self, answers: &Answers, id: &str) -> Option<Outcome> {
        let found = answers.about(id, self.role.as_deref())?;
        Some(found.map(ParameterResult::One).map_err(|failure| self.explain(&failure, id)))
    }

    fn explain(&self, failure: &AwsFailure, id: &str) -> Error {
        failure.explain(id, &self.client.scope)
    }

    /// Calls `GetParameters`.
    async fn get(&self, names: &[&str]) -> Result<Answers, AwsFailure> {
        let input = json!({ "Names": names, "WithDecryption": self.is_decrypted }).to_string();
        let call = async {
            // The semaphore is never closed; without a permit nothing is lost but the bound.
            let _permit = self.clients.clients.singles.acquire().await.ok();
            self.client.get_parameters(input).await
        };
        let answer = timeout_at(self.deadline, call).await;
        Answers::read(&answer.unwrap_or_else(|_| Err(AwsFailure::timed_out()))?)
    }

    /// Calls `GetParametersByPath` for each page. To know whether there is any parameter, one is enough.
    async fn set(&self, path: &str) -> Outcome {
        // As a source writes it.
        let id = format!("{}/*", path.trim_end_matches('/'));
        let explain = |failure: AwsFailure| self.explain(&failure, &id);
        let (mut fields, mut next) = (Vec::new(), None);
        loop {
            let mut input = json!({
                "Path": path,
                "Recursive": false,
                "WithDecryption": self.is_decrypted,
            });
            if let Some(token) = next {
                input["NextToken"] = token;
            }
            let call = async {
                let _permit = self.clients.clients.singles.acquire().await.ok();
                self.client.get_by_path(input.to_string()).await
            };
            let answer = timeout_at(self.deadline, call).await;
            let answer =
                answer.unwrap_or_else(|_| Err(AwsFailure::timed_out())).map_err(explain)?;
            let answers = Answers::read(&answer).map_err(explain)?;
            for parameter in answers.parameters {
                let Some(field) = parameter.field_below(path) else {
                    return Err(explain(AwsFailure::of_another(&parameter.name, &parameter.arn)));
                };
                fields.push((field.to_owned(), parameter.value.clone()));
            }
            next = answers.next;
            if next.is_none() || (!self.is_decrypted && !fields.is_empty()) {
                break;
            }
        }
        match fields.is_empty() {
            true => Err(explain(AwsFailure::of_item("ParameterNotFound", None))),
            false => Ok(ParameterResult::Set(Arc::new(fields))),
        }
    }
}

async fn collect(mut running: JoinSet<Vec<(usize, Outcome)>>) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::new();
    while let Some(done) = running.join_next().await {
        outcomes.extend(done.unwrap_or_default());
    }
    outcomes
}

/// The answer to one call.
struct Answers {
    parameters: Vec<Arc<ParameterAnswer>>,
    /// The names for which there is no parameter.
    invalid: Vec<String>,
    /// What asks for the next page.
    next: Option<serde_json::Value>,
}

impl Answers {
    fn read(body: &SecretValue) -> Result<Self, AwsFailure> {
        let members = json::object(body).map_err(|_| AwsFailure::unreadable())?;
        let member = |name: &str, form: Form| {
            let found = members.iter().find(|(known, _)| known == name);
            found.map(|(_, json)| json).filter(|json| json.form == form)
        };
        let list = |name: &str| {
            member(name, Form::List).and_then(|it| json::list(&it.value).ok()).unwrap_or_default()
        };
        // Names and tokens are no secrets.
        let text = |json: &Json| json.value.expose_str().ok().map(str::to_owned);
        let read = |json: &Json| ParameterAnswer::read(json).map(Arc::new);
        let parameters = list("Parameters").iter().map(read).collect::<Option<_>>();
        let next = member("NextToken", Form::Text).and_then(text).filter(|it| !it.is_empty());
        Ok(Self {
            parameters: parameters.ok_or_else(AwsFailure::unreadable)?,
            invalid: list("InvalidParameters").iter().filter_map(text).collect(),
            next: next.map(serde_json::Value::from),
        })
    }

    /// Returns what it says about a parameter, if it says anything.
    fn about(
        &self,
        id: &str,
        role: Option<&str>,
    ) -> Option<Result<Arc<ParameterAnswer>, AwsFailure>> {
        let parsed = ParameterId::parse(id).ok()?;
        if self.invalid.iter().any(|invalid| invalid == id) {
            return Some(Err(AwsFailure::of_item("ParameterNotFound", None)));
        }
        let found = self.parameters.iter().find(|answer| answer.is_about(&parsed, role));
        found.map(|answer| Ok(answer.clone()))
    }

    /// The failure for a parameter about which it says nothing.
    fn of_another(&self) -> AwsFailure {
        match self.parameters.first() {
            Some(other) => AwsFailure::of_another(&other.name, &other.arn),
            None => AwsFailure::unreadable(),
        }
    }
}
