//! Checks which secrets exist, without reading a value.

use std::sync::Arc;

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use secrets_spec::CURRENT_STAGE;
use tokio::{task::JoinSet, time::timeout_at};

use crate::{
    backends::aws::{
        answer::is_about,
        sdk::{
            clients::Clients,
            error::AwsFailure,
            fetch::deadline,
            scope::{AwsService, Scope},
        },
        target::{ParsedRequest, Target},
    },
    core::error::{Error, ErrorKind},
};

/// Checks each request with a DescribeSecret, all at once; the answers are in order.
pub(in crate::backends::aws) async fn exists(
    clients: Arc<Clients>,
    wanted: Vec<ParsedRequest>,
) -> Vec<Result<bool, Error>> {
    let mut answers: Vec<Result<bool, Error>> = wanted.iter().map(|_| Ok(false)).collect();
    let mut running = JoinSet::new();
    for (index, wanted) in wanted.into_iter().enumerate() {
        let clients = clients.clone();
        running.spawn(async move { (index, one(&clients, wanted).await) });
    }
    while let Some(done) = running.join_next().await {
        match done {
            Ok((index, answer)) => answers[index] = answer,
            // The error does not say which one it was.
            Err(_) => {
                let error = Error::new(ErrorKind::Unavailable, "the backend panicked")
                    .with_help("this is a bug in the backend: please report it");
                return answers.iter().map(|_| Err(error.clone())).collect();
            }
        }
    }
    answers
}

async fn one(clients: &Clients, wanted: ParsedRequest) -> Result<bool, Error> {
    let region = match wanted.region {
        Some(region) => region,
        None => clients.default_region().await?,
    };
    let scope = Scope { service: AwsService::SecretsManager, role: wanted.role, region };
    let id = &wanted.target.id;
    let call = async {
        let client = clients.client(&scope).await?;
        let _permit = clients.singles.acquire().await.ok();
        let output = client.client.describe_secret().secret_id(id).send().await;
        let output = output.map_err(|error| AwsFailure::of(&error).explain(id, &scope))?;
        let (name, arn) =
            (output.name.as_deref().unwrap_or_default(), output.arn.as_deref().unwrap_or_default());
        match is_about(name, arn, id, scope.role.as_deref()) {
            true => Ok(output),
            false => Err(AwsFailure::of_another(name, arn).explain(id, &scope)),
        }
    };
    let timed_out = || Err(AwsFailure::timed_out().explain(id, &scope));
    match timeout_at(deadline(clients), call).await.unwrap_or_else(|_| timed_out()) {
        Ok(output) if output.deleted_date.is_some() => {
            let failure =
                AwsFailure::of_item("InvalidRequestException", Some("marked for deletion"));
            Err(failure.explain(id, &scope))
        }
        Ok(output) => Ok(has_version(&output, &wanted.target)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn has_version(output: &DescribeSecretOutput, target: &Target) -> bool {
    let versions = output.version_ids_to_stages.iter().flatten();
    versions.into_iter().any(|(id, stages)| {
        let stage = target.version_stage.as_deref();
        let stage = stage.or_else(|| target.version_id.is_none().then_some(CURRENT_STAGE));
        target.version_id.as_ref().is_none_or(|wanted| wanted == id)
            && stage.is_none_or(|wanted| stages.iter().any(|stage| stage == wanted))
    })
}
