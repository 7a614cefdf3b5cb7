//! `export` is a text.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"], export = process)]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
