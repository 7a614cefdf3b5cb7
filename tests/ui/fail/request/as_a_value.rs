//! A request is written as `Secret(..)`.
use secrets_runtime::{Error, task};

#[task(secret_requests = [Secret::new("db", "password"), "db", Secret { group: "db" }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
