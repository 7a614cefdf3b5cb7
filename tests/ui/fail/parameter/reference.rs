//! A parameter owns its value.
use secrets_runtime::{Error, secrets};

#[secrets]
fn step(#[secret("a")] text: &str, #[secret("b")] bytes: &Vec<u8>, #[secret("c")] list: Option<Vec<(u8, &str)>>) -> Result<(), Error> {
    let _ = (text, bytes, list);
    Ok(())
}

fn main() {}
