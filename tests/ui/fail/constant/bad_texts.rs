//! Every bad constant is reported, at its path.
use secrets_runtime::{Error, secrets};

const EMPTY: &str = "";
const TYPO: &str = "a b";
const KIND: &str = "Consul";
mod names {
    pub const SPACE: &str = "prod db";
    pub const ROLE: &str = "me";
}

#[secrets(sources = [EMPTY, names::SPACE, { id = TYPO, type = "aws-secrets-manager" }, { id = "x", type = KIND }], role = names::ROLE)]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
