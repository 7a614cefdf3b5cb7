//! An ARN that is split between group and key.
use secrets_runtime::{Error, task};

#[task(secret_requests = [Secret(group = "arn:aws:s3:us-west-2:123456789012:secret:", key = "a"), Secret(group = "arn:aws:secretsmanager:us-west-2:123456789012:secret", key = "a b")])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
