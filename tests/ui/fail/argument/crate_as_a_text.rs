//! `crate` is a path.
use secrets_runtime::{Error, secrets};

#[secrets(crate = "my::runtime")]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
