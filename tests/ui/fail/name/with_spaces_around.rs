//! Spaces around a name are a mistake.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [" prod-db "])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
