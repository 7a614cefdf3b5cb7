//! The future of a step is `Send` when its body is.
#![deny(warnings)]
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets(sources = ["a"])]
async fn plain(text: String) -> Result<String, Error> {
    tokio::task::yield_now().await;
    Ok(text)
}

#[secrets]
async fn typed(#[secret("a")] value: SecretValue) -> Result<SecretValue, Error> {
    tokio::task::yield_now().await;
    Ok(value)
}

fn is_send(_: impl Send + 'static) {}

fn main() {
    is_send(plain(String::new()));
    is_send(typed());
}
