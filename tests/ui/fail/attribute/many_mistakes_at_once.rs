//! All mistakes of one attribute are reported.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["", "prod db", { id = "a", typ = "local" }, { id = "b", options = { json = "no" } }], role = "me", alow_override = true)]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
