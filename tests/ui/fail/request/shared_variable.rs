//! Requests that share a variable in Flyte, which is named.
use secrets_runtime::{Error, Secret, task};

#[task(secret_requests = [Secret(group = "fine", key = "fine_key"), Secret(group = "fine_fine", key = "key")])]
fn step() -> Result<(), Error> {
    Ok(())
}

const ONE: Secret = Secret::new("a", "b_c");

#[task(secret_requests = [ONE, Secret(group = "a_b", key = "c")])]
fn of_a_constant() -> Result<(), Error> {
    Ok(())
}

fn main() {}
