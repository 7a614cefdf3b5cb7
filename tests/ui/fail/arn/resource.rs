//! An ARN is that of a secret.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["arn:aws:secretsmanager:us-west-2:001234556000:rotation:db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
