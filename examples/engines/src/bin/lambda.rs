//! AWS Lambda. Secrets are fetched by the first call, and cached for the later ones of the same process.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use secrets_engines::load;
use serde_json::{Value, json};

async fn handle(_event: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(json!({ "user": load().await? }))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}
