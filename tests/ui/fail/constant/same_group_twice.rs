//! Constants with the same text.
use secrets_runtime::{Error, secrets};

const DB: &str = "db";
const OTHER: &str = "aws-secrets-manager.api";

#[secrets(sources = [DB, "api", "db", OTHER])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
