//! A parameter can be deserialised.
use secrets_runtime::{Error, secrets};

struct Db;

#[secrets]
fn step(#[secret("a")] db: Db) -> Result<(), Error> {
    let _ = db;
    Ok(())
}

fn main() {}
