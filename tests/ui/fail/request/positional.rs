//! The parts of a request have names.
use secrets_runtime::{Error, task};

const GROUP: &str = "db";

#[task(secret_requests = [Secret("db", "password"), Secret(GROUP)])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
