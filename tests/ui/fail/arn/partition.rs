//! An ARN has a partition of AWS.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["arn:azure:secretsmanager:us-west-2:001234556000:secret:db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
