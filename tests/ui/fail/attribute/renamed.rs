//! Under another name the second one is not seen in time.
use secrets_runtime::{Error, secrets, task as flyte};

#[secrets(sources = ["a"])]
#[flyte(secret_requests = [Secret(key = "k")])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
