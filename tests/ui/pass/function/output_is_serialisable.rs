//! `output = "serialize"` with results that can be stored.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::{Error, secrets};

#[derive(serde::Serialize)]
struct Rows {
    count: usize,
}

#[secrets(sources = ["a"], output = "serialize")]
fn sync() -> Result<Rows, Error> {
    Ok(Rows { count: 1 })
}

#[secrets(sources = ["a"], output = "serialize")]
async fn asynchronous<T: serde::Serialize>(value: T) -> anyhow::Result<Vec<Option<T>>> {
    Ok(vec![Some(value)])
}

fn main() {}
