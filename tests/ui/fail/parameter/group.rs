//! A parameter declares a source whose group is taken.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets(sources = ["db"])]
fn step(#[secret("local.db")] a: SecretValue, #[secret("db")] b: SecretValue) -> Result<(), Error> {
    drop((a, b));
    Ok(())
}

fn main() {}
