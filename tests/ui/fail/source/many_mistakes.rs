//! No mistake of a source hides another.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets(sources = [{ id = "", type = "inlin", options = { json = "false" } }])]
fn step() -> Result<(), Error> {
    Ok(())
}

#[secrets]
fn typed(#[secret({ id = "", type = "lcal", options = { jsn = false } })] value: SecretValue) -> Result<(), Error> {
    drop(value);
    Ok(())
}

fn main() {}
