//! A path in Vault that is a constant.
use secrets_runtime::{Error, secrets};

const DATA: &str = "secret/data/db";

#[secrets(sources = [{ id = DATA, type = "vault" }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
