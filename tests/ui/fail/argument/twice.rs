//! An argument is written once.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"], role = "", sources = ["b"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
