//! An attribute that makes an asynchronous function synchronous has to come first.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"], export = "process")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Ok(())
}
