//! A role is an ARN.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"], role = "SecretsAccess")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
