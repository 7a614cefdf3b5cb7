//! The environment is for synchronous steps.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"], export = "process")]
async fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
