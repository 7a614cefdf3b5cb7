//! A source is not a list.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [["a", "b"]])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
