//! A parameter owns its value.
use secrets_runtime::{Error, secrets};

#[secrets]
fn step(#[secret("a")] text: &str, #[secret("b")] bytes: &Vec<u8>) -> Result<(), Error> {
    let _ = (text, bytes);
    Ok(())
}

fn main() {}
