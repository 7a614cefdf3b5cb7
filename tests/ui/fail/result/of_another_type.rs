//! A step returns a `Result`.
use secrets_runtime::{secrets};

#[secrets(sources = ["a"])]
fn step() -> u32 {
    1
}

#[secrets(sources = ["a"])]
async fn step_async() -> Option<u32> {
    Some(1)
}

fn main() {}
