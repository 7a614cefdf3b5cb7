//! The same source twice.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["db", "api", "db"])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
