//! A name is not empty.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [""])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
