//! A missing constant is one error.
use secrets_runtime::{Error, secrets};

mod names {}

#[secrets(sources = [PROD_DB, names::PROD_DB])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
