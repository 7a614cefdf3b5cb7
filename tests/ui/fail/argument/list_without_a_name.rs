//! A list alone.
use secrets_runtime::{Error, secrets};

#[secrets(["prod-db", "api"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
