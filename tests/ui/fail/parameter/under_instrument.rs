//! `#[instrument]` would write the secret down.
use secrets_runtime::{Error, SecretValue, secrets};

#[tracing::instrument]
#[secrets]
async fn step(#[secret("a")] value: SecretValue) -> Result<(), Error> {
    drop(value);
    Ok(())
}

#[tracing::instrument]
#[secrets]
fn sync(#[secret("a")] value: SecretValue) -> Result<(), Error> {
    drop(value);
    Ok(())
}

#[tracing::instrument(skip_all, fields(length = value.len()))]
#[secrets]
fn by_a_field(#[secret("a")] value: SecretValue) -> Result<(), Error> {
    drop(value);
    Ok(())
}

fn main() {}
