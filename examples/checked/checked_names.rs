//! A program whose names are checked when it compiles, against the `secrets.lock` beside its `Cargo.toml`.
//!
//! Change a name or a key here, such as `"password"`, and it does not compile: `cargo run --example checked_names`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use secrets_examples::Playground;
use secrets_runtime::{Error, Payload, SecretFields, SecretValue, current_context, secrets};
use serde::Deserialize;

/// With the derive, the compiler knows which fields the secret must have.
#[derive(Deserialize, SecretFields)]
struct Db {
    user: String,
    #[serde(rename = "password")]
    secret: SecretValue,
    #[serde(default)]
    host: String,
}

/// The file has both sources, and the keys that are read.
#[secrets(sources = ["prod-db", "api-token"])]
fn start() -> Result<(), Error> {
    let port = current_context().secrets.get("prod-db", "port")?;
    let token = current_context().secrets.get("api-token", "api_token")?;
    println!("port {}, and a token of {} bytes", port.expose_str()?, token.expose_bytes().len());
    Ok(())
}

/// The file has the key of one parameter, and the fields of the other one's type.
#[secrets]
fn connect(
    #[secret("prod-db")] db: Db,
    #[secret("prod-db", key = "port")] port: u16,
) -> Result<(), Error> {
    let host = if db.host.is_empty() { "localhost" } else { &db.host };
    let length = db.secret.expose_bytes().len();
    println!("connect to {host}:{port} as {} with a password of {length} bytes", db.user);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let store = Playground::new()?;
    let db = SecretValue::from(r#"{"user": "app", "password": "correct horse", "port": 5432}"#);
    store.put("prod-db", Payload::Json(db)).await?;
    store.put("api-token", Payload::Text(SecretValue::from("plain words"))).await?;
    store.install()?;
    start()?;
    connect()
}
