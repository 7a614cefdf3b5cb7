//! Nothing is a number.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [1, { id = 2, options = { env_var_name = 5, json = 1 } }], allow_override = 0, role = -1)]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
