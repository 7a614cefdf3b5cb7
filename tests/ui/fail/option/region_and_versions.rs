//! Options with impossible values.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "a", options = { region = "us west", version_id = "", version_stage = "" } }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
