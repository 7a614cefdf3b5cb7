//! An ARN has a region.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["arn:aws:secretsmanager::001234556000:secret:db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
