//! A step that declares no secrets gets them at launch, by the program's own command line.
//!
//! ```sh
//! cargo run --example with_at_launch --features clap -- --with 'secrets:sources=["test-db"]'
//! ```
//!
//! Without `--with` the step reads the process's environment, as one develops with Metaflow:
//!
//! ```sh
//! DB_USER=me DB_PASSWORD=mine cargo run --example with_at_launch --features clap
//! ```
//!
//! Without either, the example behaves as if the first line had been given.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use clap::Parser;
use secrets_examples::Playground;
use secrets_runtime::{Payload, SecretValue, cli::SecretsArgs, current_context, secrets};

#[derive(Parser)]
struct Arguments {
    /// How many rows to load
    #[arg(long, default_value_t = 10)]
    rows: usize,
    #[command(flatten)]
    secrets: SecretsArgs,
}

#[secrets]
fn load(rows: usize) -> anyhow::Result<()> {
    let secrets = current_context().secrets;
    let user = secrets.var("DB_USER")?;
    let password = secrets.var("DB_PASSWORD")?;
    let length = password.expose_bytes().len();
    println!("{} loads {rows} rows, with a password of {length} bytes", user.expose_str()?);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = Arguments::parse();
    if std::env::var_os("DB_USER").is_none() {
        arguments.secrets.with.get_or_insert_with(|| r#"secrets:sources=["test-db"]"#.to_owned());
    }

    // A store in a temporary folder, so that the example leaves nothing behind. A program that uses the
    // deployment's own secrets writes `arguments.secrets.apply()?`.
    let store = Playground::new()?;
    let payload = SecretValue::from(r#"{"DB_USER": "app", "DB_PASSWORD": "correct horse"}"#);
    store.put("test-db", Payload::Json(payload)).await?;
    arguments.secrets.apply_to(store.resolver()).build()?.install()?;

    load(arguments.rows)
}
