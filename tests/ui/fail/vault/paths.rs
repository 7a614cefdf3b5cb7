//! A path in Vault is a mount and what is below it, without what the API adds.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [
    "vault./secret/db",
    "vault.v1/secret/db",
    "vault.secret/data/db",
    { id = "secret", type = "vault" },
    { id = "secret//db", type = "vault", options = { kv = 3 } },
    { id = "secret/db?version=1", type = "vault" },
    { id = "secret/../db", type = "vault", options = { version_stage = "AWSPREVIOUS" } },
])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
