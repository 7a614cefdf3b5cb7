//! What the lock lacks is reported beside all other mistakes, in the attribute and in the body.
use secrets_runtime::{Error, current_context, secrets};

#[secrets(sources = ["prod-bd", { id = "prod-db", rol = "" }], rol = "x")]
fn step() -> Result<(), Error> {
    let _ = current_context().secrets.get("prod-db", "usr")?;
    Ok(())
}

fn main() {}
