//! A name has no control characters.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a\0b", "a\nb"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
