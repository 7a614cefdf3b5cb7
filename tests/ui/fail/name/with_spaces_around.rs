//! Spaces around a name were not meant.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [" prod-db "])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
