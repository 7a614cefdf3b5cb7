//! With `#[tracing::instrument]`, above and below.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::{Error, SecretValue, secrets};
use tracing::instrument;

#[secrets(sources = ["a"])]
#[instrument]
async fn above(rows: usize) -> Result<usize, Error> {
    Ok(rows)
}

#[instrument(err)]
#[secrets(sources = ["a"])]
async fn below(rows: usize) -> Result<usize, Error> {
    Ok(rows)
}

#[instrument(skip_all)]
#[secrets(sources = ["a"])]
fn sync_below(rows: usize) -> Result<usize, Error> {
    Ok(rows)
}

#[secrets]
#[instrument(ret)]
fn typed(rows: usize, #[secret("a")] value: SecretValue) -> Result<usize, Error> {
    drop(value);
    Ok(rows)
}

#[secrets]
#[instrument]
async fn typed_async(rows: usize, #[secret("a")] value: SecretValue) -> Result<usize, Error> {
    drop(value);
    Ok(rows)
}

fn main() {}
