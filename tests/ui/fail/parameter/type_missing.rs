//! A missing type is one error.
use secrets_runtime::{Error, secrets};

#[secrets]
fn step(#[secret("a")] db: Dbb) -> Result<(), Error> {
    let _ = db;
    Ok(())
}

fn main() {}
