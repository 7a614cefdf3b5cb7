//! A name has no spaces inside.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["prod db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
