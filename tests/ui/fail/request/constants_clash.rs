//! Constants that share a name.
use secrets_runtime::{Error, Secret, task};

const ONE: Secret = Secret::new("db", "password");
const GROUP: &str = "db";

#[task(secret_requests = [ONE, Secret(group = "db", key = "password"), Secret(group = GROUP, key = "PASSWORD")])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
