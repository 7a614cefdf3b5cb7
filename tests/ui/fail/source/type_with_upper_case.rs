//! A type is in lower case.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "db", type = "Vault" }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
