//! An argument has a value.
use secrets_runtime::{Error, secrets};

#[secrets(allow_override)]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
