//! What stands in the parentheses of `#[secret(..)]`.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets]
fn step(#[secret("a", kye = "k")] a: SecretValue, #[secret("b", "c")] b: SecretValue, #[secret(source = "c")] c: SecretValue, #[secret("d", key = 1)] d: SecretValue, #[secret(5)] e: SecretValue, #[secret("f" key = "k")] f: SecretValue, #[secret("g", key = "a", key = "b")] g: SecretValue) -> Result<(), Error> {
    drop((a, b, c, d, e, f, g));
    Ok(())
}

fn main() {}
