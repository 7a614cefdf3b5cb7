//! A source has an id.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ type = "local" }, {}])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
