//! A version is not empty.
use secrets_runtime::{Error, task};

#[task(secret_requests = [Secret(group = "db", key = "a", group_version = "")])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
