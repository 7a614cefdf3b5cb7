//! A step that returns a future is an `async fn`.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"])]
fn step() -> impl Future<Output = Result<(), Error>> {
    async { Ok(()) }
}

fn main() {}
