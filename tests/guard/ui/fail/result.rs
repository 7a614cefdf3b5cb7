//! A result that cannot be searched.
use secrets_runtime::{Error, SecretValue, current_context, secrets, task};

struct Opaque;

#[secrets(sources = ["a"], guard = "deny")]
fn not_serialize() -> Result<Opaque, Error> {
    Ok(Opaque)
}

#[task(secret_requests = [Secret(key = "a")], guard = "warn")]
async fn secret() -> Result<SecretValue, Error> {
    current_context().secrets.get("", "a")
}

#[secrets(guard = "deny")]
fn hidden() -> Result<impl Send, Error> {
    Ok(Opaque)
}

#[secrets(guard = "errors")]
fn errors() -> Result<Opaque, Error> {
    Ok(Opaque)
}

fn main() {}
