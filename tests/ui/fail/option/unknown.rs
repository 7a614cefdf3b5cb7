//! Options that do not exist.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "a", options = { jsn = false, envvarname = "A", colour = 1, version = "1" } }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
