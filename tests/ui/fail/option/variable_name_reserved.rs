//! Some variables are not for secrets.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "a", options = { env_var_name = "METAFLOW_A" } }, { id = "b", options = { env_var_name = "SECRETS-B" } }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
