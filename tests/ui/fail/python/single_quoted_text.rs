//! A text is in double quotes; the compiler says so itself, and once is enough.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ['db'])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
