//! tokio refuses parameters: `#[secrets]` goes on top.
use secrets_runtime::{Error, SecretValue, secrets};

#[tokio::main]
#[secrets]
async fn main(#[secret("a")] value: SecretValue) -> Result<(), Error> {
    drop(value);
    Ok(())
}
