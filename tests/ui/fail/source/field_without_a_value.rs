//! Fields without values.
use secrets_runtime::{Error, secrets};

#[secrets(sources = , role =)]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
