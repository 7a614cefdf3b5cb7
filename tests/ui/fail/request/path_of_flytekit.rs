//! A request pasted from Python with its module.
use secrets_runtime::{Error, task};

#[task(secret_requests = [flytekit.Secret(group = "db", key = "user"), Secret(group = "api", key = "token")])]
fn step() -> Result<(), Error> {
    Ok(())
}

#[task(secret_requests = [flytekit::Secret(group = "db", key = "user")])]
fn path() -> Result<(), Error> {
    Ok(())
}

#[task(secret_requests = [union.Secret(group = "db", key = "user", mount_requirement = union.Secret.MountType.FILE)])]
fn of_union() -> Result<(), Error> {
    Ok(())
}

fn main() {}
