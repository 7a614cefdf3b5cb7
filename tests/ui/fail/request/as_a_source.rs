//! A request has a list of its own, and so has a source.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [Secret(group = "db", key = "password"), { key = "a" }], secret_requests = [{ id = "db" }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
