//! Fields that do not exist.
use secrets_runtime::{Error, task};

#[task(secret_requests = [Secret(grp = "db", key = "a"), Secret(group = "db", key = "b", mount = FILE), Secret(group = 1, key = "c")])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
