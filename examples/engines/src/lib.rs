//! The step that each program has.

use secrets_runtime::{Error, current_context, secrets};

/// Returns the user with whom it has connected.
///
/// # Errors
/// If the secret cannot be read.
#[secrets(sources = ["prod-db"])]
pub async fn load() -> Result<String, Error> {
    let secrets = current_context().secrets;
    let user = secrets.get("prod-db", "user")?;
    // A real step connects with it.
    let _password = secrets.get("prod-db", "password")?;
    Ok(user.expose_str()?.to_owned())
}
