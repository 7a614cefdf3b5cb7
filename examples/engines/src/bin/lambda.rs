//! AWS Lambda. The first call of a process fetches the secrets, and the later ones find them in the cache.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use secrets_engines::load;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
struct Load {
    rows: usize,
}

/// What it returns goes to the caller, and to a queue or a log by what is configured.
async fn handle(event: LambdaEvent<Load>) -> Result<Value, Error> {
    let user = load().await?;
    Ok(json!({ "loaded": format!("{} rows as {user}", event.payload.rows) }))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}
