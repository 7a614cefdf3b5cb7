//! Requests whose group or key the lock does not have.
use secrets_runtime::{Error, task};

#[task(secret_requests = [
    Secret(group = "prod-bd", key = "password"),
    Secret(group = "prod-db", key = "pasword", env_var = "DB_PASSWORD"),
    Secret(key = "api-tokens"),
    Secret(group = "arn:aws:secretsmanager:us-west-2:123456789012:secret:", key = "db-AbCdEg"),
])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
