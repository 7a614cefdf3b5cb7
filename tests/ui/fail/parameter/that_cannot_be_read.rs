//! A parameter can be deserialised.
use secrets_runtime::{Error, secrets};

struct Db;

#[secrets]
fn step(#[secret("a")] db: Db) -> Result<(), Error> {
    let _ = db;
    Ok(())
}

#[secrets]
async fn asynchronous(rows: usize, #[secret("a")] all: Vec<Db>) -> Result<usize, Error> {
    let _ = all;
    Ok(rows)
}

#[secrets]
fn generic<T>(#[secret("a")] value: T) -> Result<(), Error> {
    let _ = value;
    Ok(())
}

fn main() {}
