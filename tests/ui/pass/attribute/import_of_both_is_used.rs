//! Both imports are used, though the attributes are one step.
#![deny(warnings)]
use secrets_runtime::{Error, secrets, task};

#[task(secret_requests = [Secret(key = "k")])]
#[secrets(sources = ["a"])]
async fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {
    drop(step());
}
