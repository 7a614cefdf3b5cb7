//! A variable is an identifier.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "a", options = { env_var_name = "1A" } }, { id = "b", options = { env_var_name = "A*B" } }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
