//! Callers do not see the parameter.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets]
fn step(#[secret("a")] value: SecretValue) -> Result<(), Error> {
    drop(value);
    Ok(())
}

fn caller() {
    let _ = step("a".into());
}

fn main() {}
