//! An ARN has all its parts.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["arn:aws:secretsmanager:us-west-2:secret:db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
