//! A request has a group or a key.
use secrets_runtime::{Error, task};

#[task(secret_requests = [Secret(), Secret(group = "", key = "")])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
