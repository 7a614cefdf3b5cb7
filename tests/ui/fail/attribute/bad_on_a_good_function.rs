//! The function survives a mistake in its attribute.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["prod db"])]
pub async fn step(text: &str) -> Result<usize, Error> {
    Ok(text.len())
}

async fn caller() -> Result<usize, Error> {
    step("a").await
}

fn main() {}
