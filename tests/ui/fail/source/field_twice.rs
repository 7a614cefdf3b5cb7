//! A field is written once.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "a", id = "b", options = { json = true, json = false } }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
