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

#[instrument(skip_all)]
#[secrets]
fn typed_below(rows: usize, #[secret("a")] value: SecretValue) -> Result<usize, Error> {
    drop(value);
    Ok(rows)
}

#[instrument(skip(value), fields(kind = "job"), err)]
#[secrets(sources = ["b"])]
async fn typed_below_async(rows: usize, #[secret("a")] value: SecretValue) -> Result<usize, Error> {
    drop(value);
    Ok(rows)
}

struct Job;

#[async_trait::async_trait]
trait Work {
    async fn above(&self, rows: usize) -> Result<usize, Error>;
    async fn below(&self, rows: usize) -> Result<usize, Error>;
    async fn typed(&self) -> Result<usize, Error>;
}

#[async_trait::async_trait]
impl Work for Job {
    #[secrets(sources = ["a"])]
    #[instrument(skip(self))]
    async fn above(&self, rows: usize) -> Result<usize, Error> {
        Ok(rows)
    }

    #[instrument(skip(self))]
    #[secrets(sources = ["a"])]
    async fn below(&self, rows: usize) -> Result<usize, Error> {
        Ok(rows)
    }

    #[secrets]
    #[instrument(skip(self))]
    async fn typed(&self, #[secret("a")] value: SecretValue) -> Result<usize, Error> {
        Ok(value.expose_bytes().len())
    }
}

fn main() {}
