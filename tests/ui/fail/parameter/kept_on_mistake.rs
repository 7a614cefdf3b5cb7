//! A mistake in the attribute makes one error: body and callers see the function as it will be.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets(sources = ["prod db"])]
async fn step(rows: usize, #[secret("a")] value: SecretValue) -> Result<usize, Error> {
    drop(value);
    Ok(rows)
}

fn caller() {
    drop(step(1));
}

fn main() {}
