//! A parameter names a possible source.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets]
fn step(#[secret("")] a: SecretValue, #[secret("prod db")] b: SecretValue, #[secret("x", key = "")] c: SecretValue) -> Result<(), Error> {
    drop((a, b, c));
    Ok(())
}

fn main() {}
