//! A parameter cannot depend on a `cfg`.
use secrets_runtime::{Error, SecretValue, secrets};

#[secrets]
fn step(#[cfg(all())] #[secret("a")] value: SecretValue) -> Result<(), Error> {
    drop(value);
    Ok(())
}

fn main() {}
