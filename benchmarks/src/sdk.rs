//! What one writes without a library: the AWS SDK itself.

use std::sync::Arc;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use tokio::task::JoinSet;

/// How many secrets a batch may name.
const BATCH: usize = 20;

/// A client with the SDK's own defaults.
pub async fn client() -> Client {
    Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await)
}

/// One after another.
pub async fn one_by_one(client: &Client, names: &[String]) -> Result<(), String> {
    for name in names {
        single(client, name).await?;
    }
    Ok(())
}

/// All at once, each alone.
pub async fn at_once(client: &Client, names: &[String]) -> Result<(), String> {
    let mut running = JoinSet::new();
    for name in names {
        let (client, name) = (client.clone(), name.clone());
        running.spawn(async move { single(&client, &name).await });
    }
    all(running).await
}

/// By batches of 20, all at once.
pub async fn batches(client: &Client, names: &Arc<[String]>) -> Result<(), String> {
    if names.len() <= BATCH {
        return batch(client, names).await;
    }
    let mut running = JoinSet::new();
    for start in (0..names.len()).step_by(BATCH) {
        let (client, names) = (client.clone(), names.clone());
        let end = (start + BATCH).min(names.len());
        running.spawn(async move { batch(&client, &names[start..end]).await });
    }
    all(running).await
}

/// One secret.
pub async fn single(client: &Client, name: &str) -> Result<(), String> {
    let answer = client.get_secret_value().secret_id(name).send().await;
    match answer.map_err(|error| format!("GetSecretValue: {error:?}"))?.secret_string() {
        Some(_) => Ok(()),
        None => Err(format!("GetSecretValue gave no text for {name}")),
    }
}

async fn batch(client: &Client, names: &[String]) -> Result<(), String> {
    let request = client.batch_get_secret_value().set_secret_id_list(Some(names.to_vec()));
    let answer = request.send().await.map_err(|error| format!("BatchGetSecretValue: {error:?}"))?;
    match answer.secret_values().len() {
        count if count == names.len() => Ok(()),
        count => Err(format!("BatchGetSecretValue gave {count} of {}", names.len())),
    }
}

async fn all(mut running: JoinSet<Result<(), String>>) -> Result<(), String> {
    while let Some(done) = running.join_next().await {
        done.map_err(|error| error.to_string())??;
    }
    Ok(())
}
