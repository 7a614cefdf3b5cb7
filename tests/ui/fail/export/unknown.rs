//! `export` is one of two words.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"], export = "proces")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
