//! One parameter, one source.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets]
fn step(#[secret("a")] #[secret("b")] value: SecretValue) -> Result<(), Error> {
    drop(value);
    Ok(())
}

fn main() {}
