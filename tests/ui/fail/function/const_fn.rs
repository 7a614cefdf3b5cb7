//! A step runs at run time.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"])]
const fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
