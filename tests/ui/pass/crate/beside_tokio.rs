//! With tokio's attributes, above and below.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"])]
#[tokio::main]
async fn above() -> Result<(), Error> {
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
#[secrets(sources = ["a"])]
async fn below() -> anyhow::Result<()> {
    tokio::task::yield_now().await;
    Ok(())
}

#[secrets]
#[tokio::main]
async fn with_parameters(#[secret("a")] value: secrets_runtime::SecretValue) -> Result<(), Error> {
    drop(value);
    Ok(())
}

#[tokio::test]
#[secrets(sources = ["a"])]
async fn test_above() -> Result<(), Error> {
    Ok(())
}

#[secrets(sources = ["a"])]
#[tokio::test]
async fn test_below() -> Result<(), Error> {
    Ok(())
}

#[secrets(sources = ["a"])]
#[test]
fn plain_test() -> Result<(), Error> {
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
#[secrets(refresh_on = Error::is_transient)]
async fn again_below() -> Result<(), Error> {
    tokio::task::yield_now().await;
    Ok(())
}

#[secrets(refresh_on = Error::is_transient)]
#[tokio::main(flavor = "current_thread")]
async fn again_above() -> Result<(), Error> {
    tokio::task::yield_now().await;
    Ok(())
}

fn main() {}
