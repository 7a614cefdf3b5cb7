//! Requests that share a name.
use secrets_runtime::{Error, task};

#[task(secret_requests = [Secret(group = "a", key = "b"), Secret(group = "a", key = "b"), Secret(group = "A", key = "b"), Secret(group = "a_b"), Secret(key = "x", env_var = "X"), Secret(key = "y", env_var = "X")])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
