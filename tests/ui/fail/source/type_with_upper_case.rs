//! A type is in lower case.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "db", type = "Consul" }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
