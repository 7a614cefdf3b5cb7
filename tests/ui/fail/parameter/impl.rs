//! The type of a parameter has a name.
use secrets_runtime::{Error, secrets};

#[secrets]
fn step(#[secret("a")] db: impl Sized) -> Result<(), Error> {
    let _ = db;
    Ok(())
}

fn main() {}
