//! A stack as in ZenML: `{{name.key}}` anywhere in a configuration, checked before the run and then filled in.
//!
//! `cargo run --example zenml_stack`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;

use secrets_examples::Playground;
use secrets_runtime::{
    Payload, SecretValue, ValidationLevel,
    config::{self, Format},
    current_context, preflight, secrets,
};

const STACK: &str = r#"
artifact_store:
  path: s3://bucket/artifacts
  key: "{{aws.aws_access_key_id}}"
  secret: "{{aws.aws_secret_access_key}}"
trackers:
  - uri: "https://{{mlflow.username | url}}:{{mlflow.password | url}}@mlflow.example.com"
    retries: 3
"#;

#[derive(Debug, serde::Deserialize)]
struct Stack {
    artifact_store: ArtifactStore,
    trackers: Vec<Tracker>,
}

#[derive(Debug, serde::Deserialize)]
struct ArtifactStore {
    path: String,
    key: SecretValue,
    secret: SecretValue,
}

#[derive(Debug, serde::Deserialize)]
struct Tracker {
    uri: SecretValue,
    retries: u8,
}

/// `get_secret("mlflow").content` of a ZenML step: the whole secret as a map.
#[secrets(sources = ["mlflow"])]
async fn track() -> anyhow::Result<()> {
    let content: BTreeMap<String, SecretValue> = current_context().secrets.get_as("mlflow")?;
    println!("track: {:?}", content.keys().collect::<Vec<_>>());
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let playground = Playground::new()?;
    let aws = r#"{"aws_access_key_id": "example", "aws_secret_access_key": "example"}"#;
    playground.put("aws", Payload::Json(aws.into())).await?;
    let resolver = playground.resolver().default_backend("local").build()?;

    // The check before a ZenML run. One secret is missing.
    let report =
        resolver.validate_config(ValidationLevel::SecretAndKeyExists, STACK, Format::Yaml).await?;
    for problem in report.problems() {
        println!("check: {problem:?}");
    }

    let mlflow = r#"{"username": "ada", "password": "a/b"}"#;
    playground.put("mlflow", Payload::Json(mlflow.into())).await?;
    playground.install()?;
    // Every step of the program, before the first one runs.
    preflight(ValidationLevel::SecretExists).await.into_result()?;
    let stack: Stack = config::resolve(STACK, Format::Yaml).await?;
    let store = &stack.artifact_store;
    println!("stack: {} with {:?} and {:?}", store.path, store.key, store.secret);
    let tracker = &stack.trackers[0];
    println!("stack: {:?}, {} retries", tracker.uri, tracker.retries);
    track().await
}
