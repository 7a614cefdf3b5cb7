//! Names, versions and ARNs that no parameter of AWS Systems Manager can have.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [
    "ssm.prod/db",
    "ssm./prod/db:0",
    { id = "/prod/*/password", type = "ssm" },
    { id = "/prod/db", type = "ssm", options = { version_id = "3" } },
    "arn:aws:ssm:us-west-2:123456789012:parameter/prod/db",
    "ssm.arn:aws:secretsmanager:us-west-2:123456789012:secret:db",
])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
