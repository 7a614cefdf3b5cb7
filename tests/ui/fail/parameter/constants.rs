//! Constants of parameters are checked too.
use secrets_runtime::{Error, SecretValue, secrets};

const BAD: &str = "a\0";
const EMPTY: &str = "";
const NUMBER: u8 = 1;

#[secrets]
fn step(#[secret(BAD)] a: SecretValue, #[secret("x", key = EMPTY)] b: SecretValue, #[secret(NUMBER)] c: SecretValue) -> Result<(), Error> {
    drop((a, b, c));
    Ok(())
}

fn main() {}
