//! Arguments that do not exist, and those that belong elsewhere.
use secrets_runtime::{Error, secrets};

#[secrets(secrets = ["a"], json = false, id = "a", colour = "red")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
