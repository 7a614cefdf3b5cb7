//! Mistakes in the body are shown in the body.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets]
async fn step(#[secret("a")] value: SecretValue) -> Result<(), Error> {
    value.expose_string();
    println!("{value}");
    Ok(())
}

fn main() {}
