//! A group stays in its folder, a key has no separators.
use secrets_runtime::{Error, task};

#[task(secret_requests = [Secret(group = "../db", key = "a"), Secret(group = "/db", key = "b"), Secret(group = "db", key = "a/b"), Secret(group = "db", key = "..")])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
