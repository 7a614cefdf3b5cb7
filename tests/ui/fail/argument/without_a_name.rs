//! A text without the name of its argument.
use secrets_runtime::{Error, secrets};

#[secrets("prod-db")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
