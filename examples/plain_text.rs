//! Secrets that are not JSON objects: a plain text, and a text that only looks like JSON.
//!
//! `cargo run --example plain_text`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use secrets_examples::Playground;
use secrets_runtime::{Error, Payload, SecretValue, current_context, secrets};

/// The dicts are as they would be pasted from a Metaflow program. A plain value has one field, named like its
/// variable: `env_var_name`, or the secret's name with `_` for characters that a variable cannot have.
#[secrets(sources = [
    {"id": "my-secret-plain", "options": {"json": false}},
    {"id": "my-config", "options": {"json": false, "env_var_name": "CONFIG"}},
])]
fn start() -> Result<(), Error> {
    let secrets = current_context().secrets;
    let plain = secrets.get("my-secret-plain", "my_secret_plain")?;
    let config = secrets.get("my-config", "CONFIG")?;
    println!("a plain text of {} bytes", plain.expose_bytes().len());
    println!("JSON that stays one text of {} bytes", config.expose_bytes().len());

    // Both are also found by the names of their environment variables.
    assert!(secrets.var("my_secret_plain")?.ct_eq(&plain));
    assert!(secrets.var("CONFIG")?.ct_eq(&config));
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let store = Playground::new()?;
    store.put("my-secret-plain", Payload::Text(SecretValue::from("plain words"))).await?;
    store.put("my-config", Payload::Json(SecretValue::from(r#"{"depth": 3}"#))).await?;
    store.install()?;
    start()
}
