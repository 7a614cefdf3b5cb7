//! A format that does not exist, and one that contradicts `json`.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [
    { id = "a", options = { format = "dotnev" } },
    { id = "b", options = { format = "dotenv", json = true } },
])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
