//! An argument without a value or a sign.
use secrets_runtime::{Error, secrets};

#[secrets("prod-db")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
