//! A mount requirement is one of three words.
use secrets_runtime::{Error, task};

#[task(secret_requests = [Secret(key = "a", mount_requirement = FILES), Secret(key = "b", mount_requirement = Secret.MountType.FILE), Secret(key = "c", mount_requirement = 1)])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
