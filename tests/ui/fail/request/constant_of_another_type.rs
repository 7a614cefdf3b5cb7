//! A whole request is a `Secret`.
use secrets_runtime::{Error, task};

const NAME: &str = "db";

#[task(secret_requests = [NAME])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
