//! `sources` is a list.
use secrets_runtime::{Error, secrets};

#[secrets(sources = { id = "a" })]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
