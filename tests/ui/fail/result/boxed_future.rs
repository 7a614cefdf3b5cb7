//! A step that returns a future is an `async fn`.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"])]
fn step() -> secrets_runtime::BoxFuture<'static, Result<(), Error>> {
    let future = async { Ok(()) };
    Box::pin(future)
}

fn main() {}
