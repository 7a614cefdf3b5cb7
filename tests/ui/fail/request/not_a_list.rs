//! Requests are a list.
use secrets_runtime::{Error, task};

#[task(secret_requests = Secret(group = "db", key = "password"))]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
