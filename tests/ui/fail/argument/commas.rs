//! Commas that are missing or too many.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a" "b",, "c"] role = "")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
