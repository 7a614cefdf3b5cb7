//! What `guard` may be.
use secrets_runtime::{Error, secrets};

#[secrets(guard = "denied")]
fn unknown() -> Result<(), Error> {
    Ok(())
}

#[secrets(guard = deny)]
fn without_quotes() -> Result<(), Error> {
    Ok(())
}

#[secrets(guard = true)]
fn a_flag() -> Result<(), Error> {
    Ok(())
}

#[secrets(gaurd = "deny")]
fn misspelled() -> Result<(), Error> {
    Ok(())
}

#[secrets(guard = "errors")]
fn opaque_error() -> Result<(), impl std::fmt::Debug> {
    Err(Error::new(secrets_runtime::ErrorKind::Other, "x"))
}

fn main() {}
