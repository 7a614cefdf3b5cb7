//! Arguments are written with `=`.
use secrets_runtime::{Error, secrets};

#[secrets(sources("a"))]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
