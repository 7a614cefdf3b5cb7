//! A function has one `#[secrets]`.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"])]
#[secrets(sources = ["b"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
