//! Bytes and characters are not texts.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [b"a", 'a', c"a"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
