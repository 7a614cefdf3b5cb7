//! The function that `refresh_on` names exists.
use secrets_runtime::{Error, secrets};

#[secrets(refresh_on = is_auth_error)]
fn step(text: &str) -> Result<&str, Error> {
    Ok(text)
}

#[secrets(refresh_on = errors::is_auth_error)]
async fn asynchronous(text: &str) -> Result<&str, Error> {
    Ok(text)
}

mod errors {}

fn main() {}
