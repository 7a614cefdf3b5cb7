//! A name is ASCII.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["pröd"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
