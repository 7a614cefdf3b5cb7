//! Numbers are not texts.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [1, { id = "i", type = "inline", options = { env_vars = { N = 5, role = true } } }, { id = 2, options = { env_var_name = 5, json = 1 } }], allow_override = 0, role = -1, secret_requests = [Secret(key = "k", group_version = 2)])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
