//! `json` is not a text.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "a", options = { json = "false" } }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
