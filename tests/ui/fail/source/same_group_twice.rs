//! Sources whose groups are the same.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["db", "aws-secrets-manager.db", { id = "prod", group = "db" }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
