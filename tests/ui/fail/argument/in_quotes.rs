//! The name of an argument has no quotes, though a Python dict has them; what follows is read all the same.
use secrets_runtime::{Error, secrets};

#[secrets("sources" = ["a", ""], "role": "b", "rol" = "c")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
