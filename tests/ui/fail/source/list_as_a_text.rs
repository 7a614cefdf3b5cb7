//! `sources` is a list.
use secrets_runtime::{Error, secrets};

#[secrets(sources = "ab")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
