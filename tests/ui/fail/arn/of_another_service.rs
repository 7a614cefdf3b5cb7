//! An ARN is of Secrets Manager.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["arn:aws:s3:us-west-2:001234556000:secret:db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
