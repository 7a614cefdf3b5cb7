//! `guard` is a feature.
use secrets_runtime::{Error, secrets};

#[secrets(guard = "deny")]
fn denied() -> Result<(), Error> {
    Ok(())
}

#[secrets(guard = "off")]
fn off() -> Result<(), Error> {
    Ok(())
}

fn main() {}
