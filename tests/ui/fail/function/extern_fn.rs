//! A step returns to Rust.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"])]
extern "C" fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
