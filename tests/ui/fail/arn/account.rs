//! An account has 12 digits.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["arn:aws:secretsmanager:us-west-2:1234:secret:db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
