//! No value is shown.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "a", type = "inline", options = { env_vars = { A = "SeNtInEl", A = "SeNtInEl" } } }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
