//! Secrets as environment variables of a child process, for programs that expect them there.
//!
//! `cargo run --example child_process`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::process::Command;

use secrets_examples::Playground;
use secrets_runtime::{Payload, SecretValue, current_context, secrets};

#[secrets(sources = ["db"])]
fn dump() -> anyhow::Result<()> {
    let mut command = Command::new("sh");
    command.args(["-c", "echo the child sees a password of ${#DB_PASSWORD} characters"]);
    current_context().secrets.apply_to(&mut command)?;
    anyhow::ensure!(command.status()?.success(), "the child failed");

    println!("this process has no such variable: {}", std::env::var_os("DB_PASSWORD").is_none());

    // A variable that is already set is not replaced silently.
    let mut taken = Command::new("true");
    taken.env("DB_PASSWORD", "something else");
    if let Err(error) = current_context().secrets.apply_to(&mut taken) {
        println!("{error}");
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let store = Playground::new()?;
    let payload = SecretValue::from(r#"{"DB_USER": "app", "DB_PASSWORD": "correct horse"}"#);
    store.put("db", Payload::Json(payload)).await?;
    store.install()?;
    dump()
}
