//! Sources that the lock does not have, all at once.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [
    "prod-bd",
    "aws-secrets-manager.prod/db2",
    "local.prod-db",
    { type = "aws-secrets-manager", id = "prod/dc" },
    { type = "my-vault", id = "bd", group = "vault" },
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:other-secret",
])]
fn step() -> Result<(), Error> {
    Ok(())
}

#[secrets]
async fn parameter(#[secret("api-tokn")] token: String) -> Result<usize, Error> {
    Ok(token.len())
}

fn main() {}
