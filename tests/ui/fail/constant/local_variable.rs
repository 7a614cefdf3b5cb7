//! A local variable cannot be a source.
use secrets_runtime::{Error, secrets};

fn name() -> &'static str {
    "a"
}

#[secrets(sources = [name])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
