//! `arn` is in lower case.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["ARN:aws:secretsmanager:us-west-2:001234556000:secret:db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
