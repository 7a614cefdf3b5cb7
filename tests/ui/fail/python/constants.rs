//! Constants as Python writes them.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{"id": "a", "role": None, "options": {"json": False}}], allow_override = True)]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
