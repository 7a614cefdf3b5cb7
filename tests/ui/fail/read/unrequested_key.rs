//! Without a lock too: a literal key that no request of its group names.
use secrets_runtime::{Error, current_context, task};

#[task(secret_requests = [Secret(group = "db", key = "user"), Secret(group = "db", key = "password"), Secret(key = "token")])]
fn step() -> Result<(), Error> {
    let _ = current_context().secrets.get("db", "pasword")?;
    let _ = current_context().secrets.get("", "tokn")?;
    let _ = current_context().secrets.get("db", "user")?;
    Ok(())
}

fn main() {}
