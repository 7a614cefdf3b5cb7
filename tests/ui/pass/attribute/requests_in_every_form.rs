//! Every way to write a request.
#![deny(warnings)]
use secrets_runtime::{Error, MountType, Secret, task};

const GROUP: &str = "db";
const KEY: &str = "password";
const SECRET_REQUEST: Secret = Secret::new("api", "token").mount_requirement(MountType::FILE);

#[task(secret_requests = [
    Secret(group = "arn:aws:secretsmanager:us-west-2:123456789012:secret:", key = "db-AbCdEf", mount_requirement = FILE),
    Secret(group = GROUP, key = KEY, group_version = "v2", env_var = "DB_PASSWORD"),
    Secret(group = "a", key = "k", mount_requirement = MountType::ENV_VAR),
    Secret(group = "b", key = "k", mount_requirement = Secret::MountType::FILE),
    Secret(group = "c", key = "k", mount_requirement = secrets_runtime::MountType::ANY),
    Secret(key = "alone"),
    Secret(group = "only"),
    { group = "braces", key = "k" },
    { "group": "python", "key": "k" },
    secrets_runtime::Secret(group = "qualified", key = "k"),
    SECRET_REQUEST,
])]
fn start() -> Result<(), Error> {
    Ok(())
}

fn main() {
    let _ = start;
}
