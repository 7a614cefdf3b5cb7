//! A parameter names its secret.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets]
fn step(#[secret] a: SecretValue, #[secret()] b: SecretValue, #[secret = "c"] c: SecretValue, #[secret(key = "k")] d: SecretValue) -> Result<(), Error> {
    drop((a, b, c, d));
    Ok(())
}

fn main() {}
