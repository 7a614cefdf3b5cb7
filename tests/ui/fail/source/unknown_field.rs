//! Fields that do not exist.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "a", optionss = { json = false } }, { name = "b" }, { id = "c", required = false }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
