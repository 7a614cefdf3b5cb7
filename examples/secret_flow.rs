//! A flow of three steps: a synchronous one, an asynchronous one, and one with typed parameters.
//!
//! It creates an encrypted store in a temporary folder, so it needs no account and leaves nothing
//! behind: `cargo run --example secret_flow`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use anyhow::Context as _;
use secrets_examples::Playground;
use secrets_runtime::{Error, Payload, SecretValue, current_context, secrets, try_current_context};

/// A synchronous step: the first example of Metaflow's documentation.
#[secrets(sources = ["metaflow-example-password"])]
fn start() -> Result<(), Error> {
    let password = current_context().secrets.get("metaflow-example-password", "password")?;
    println!(
        "start   a synchronous step has a password of {} bytes",
        password.expose_bytes().len()
    );
    println!("        an attempt to print it prints {password:?}");
    Ok(())
}

/// An asynchronous step with two sources, fetched together before its body runs.
#[secrets(sources = ["prod/db", { id = "api-token", group = "api" }])]
async fn load() -> anyhow::Result<usize> {
    let secrets = current_context().secrets;
    let user = secrets.get("prod/db", "user")?;
    let token = secrets.get("api", "api_token")?;
    println!("load    an asynchronous step connects as {}", user.expose_str()?);
    println!("        and has a token of {} bytes", token.expose_bytes().len());

    let undeclared = secrets.get("metaflow-example-password", "password");
    let refusal = undeclared.err().context("a step sees what it declared and nothing else")?;
    println!("        a secret that it did not declare is refused as {}", refusal.kind());
    Ok(1_000)
}

#[derive(Debug, serde::Deserialize)]
struct Db {
    user: String,
    password: SecretValue,
    port: u16,
}

/// A step with typed parameters: it is called with the first argument alone.
#[secrets]
async fn report(
    rows: usize,
    #[secret("prod/db")] db: Db,
    #[secret("api-token")] token: SecretValue,
) -> anyhow::Result<()> {
    println!("report  a typed step writes {rows} rows as {} to port {}", db.user, db.port);
    println!("        its struct prints as {db:?}");
    println!(
        "        its secrets have {} and {} bytes",
        db.password.expose_bytes().len(),
        token.expose_bytes().len()
    );
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let store = Playground::new()?;
    let json = |text: &str| Payload::Json(SecretValue::from(text));
    store.put("metaflow-example-password", json(r#"{"password": "hunter2"}"#)).await?;
    store
        .put("prod/db", json(r#"{"user": "app", "password": "correct horse", "port": 5432}"#))
        .await?;
    store.put("api-token", Payload::Text(SecretValue::from("t0k3n"))).await?;
    store.install()?;
    println!("store   three secrets, each encrypted, below {}", store.folder().display());

    start()?;
    let rows = load().await?;
    report(rows).await?;

    println!("end     outside a step there is no context: {}", try_current_context().is_none());
    Ok(())
}
