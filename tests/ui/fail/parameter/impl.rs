//! A parameter has a type by name.
use secrets_runtime::{Error, secrets};

#[secrets]
fn step(#[secret("a")] db: impl Sized) -> Result<(), Error> {
    let _ = db;
    Ok(())
}

fn main() {}
