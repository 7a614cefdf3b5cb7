//! The usual error where a result is missing.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"])]
fn step() -> Result<(), Error> {
    let _ = 1;
}

#[secrets(sources = ["a"])]
async fn step_async() -> Result<u8, Error> {
    Ok(1);
}

#[secrets]
fn empty() -> Result<(), Error> {}

fn main() {}
