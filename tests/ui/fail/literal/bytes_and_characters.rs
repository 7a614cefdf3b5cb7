//! Other literals are no texts.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [b"a", 'a', c"a"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
