//! A misspelt argument.
use secrets_runtime::{Error, secrets};

#[secrets(source = ["a"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
