//! The error can be made from ours.
use secrets_runtime::{secrets};

#[secrets(sources = ["a"])]
fn step() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[secrets(sources = ["a"])]
async fn step_async() -> Result<(), String> {
    Ok(())
}

fn main() {}
