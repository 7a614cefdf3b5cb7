//! `env_var` is upper case.
use secrets_runtime::{Error, task};

#[task(secret_requests = [Secret(key = "a", env_var = "db-password"), Secret(key = "b", env_var = "SECRETS_B"), Secret(key = "c", env_var = "1C"), Secret(key = "d", env_var = "DB-PASSWORD")])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
