//! A type that is nearly a built-in one, as a field and before a dot.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "db", type = "aws-secret-manager" }, "aws-secrets-manger.db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
