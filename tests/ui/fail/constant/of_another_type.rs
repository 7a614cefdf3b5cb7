//! A constant is a `&str`.
use secrets_runtime::{Error, secrets};

const NUMBER: u8 = 1;
static TEXT: String = String::new();

#[secrets(sources = [NUMBER], role = TEXT)]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
