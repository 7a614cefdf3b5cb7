//! `env_vars` and `inline` belong together.
use secrets_runtime::{Error, secrets};

#[secrets(sources = [{ id = "a", type = "inline" }, { id = "b", options = { env_vars = { A = "x" } } }, { id = "c", type = "inline", options = { env_vars = { "a-b" = "x", N = 1 } } }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
