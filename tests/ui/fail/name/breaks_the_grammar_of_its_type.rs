//! Each type has a grammar of its own for ids.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "../etc/passwd", type = "file" }, "file./etc/passwd", { id = "A=B", type = "env" }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
