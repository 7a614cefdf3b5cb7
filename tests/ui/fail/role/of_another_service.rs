//! A role is one of IAM, at every level.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a", { id = "b", role = "arn:aws:s3::123456789012:role/R" }], role = "arn:aws:iam:us-east-1:123456789012:role/R")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
