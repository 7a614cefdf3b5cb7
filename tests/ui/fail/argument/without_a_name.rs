//! A name alone.
use secrets_runtime::{Error, secrets};

#[secrets("prod-db")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
