//! A step returns a `Result` that the attribute can see.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"])]
fn step() -> impl Sized {
    Ok::<(), Error>(())
}

#[secrets(sources = ["a"])]
async fn step_async() -> impl Sized {
    Ok::<(), Error>(())
}

fn main() {}
