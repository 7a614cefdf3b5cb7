//! A wrong path to the crate is one error.
use secrets_runtime::{Error, secrets};

const NAME: &str = "name";

#[secrets(sources = ["a", NAME], crate = nowhere::runtime)]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
