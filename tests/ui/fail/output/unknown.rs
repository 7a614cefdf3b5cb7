//! `output` is one word.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"], output = "json")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
