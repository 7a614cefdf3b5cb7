//! A result that is stored holds no secret.
use secrets_runtime::{Error, SecretValue, secrets};

#[derive(serde::Serialize)]
struct Rows<T> {
    inner: T,
}

#[secrets(sources = ["a"], output = "serialize")]
fn plain() -> Result<SecretValue, Error> {
    unreachable!()
}

#[secrets(sources = ["a"], output = "serialize")]
async fn nested() -> Result<Rows<Vec<Option<SecretValue>>>, Error> {
    unreachable!()
}

#[secrets(sources = ["a"], output = "serialize")]
fn hidden() -> Result<impl Sized, Error> {
    Ok(1)
}

fn main() {}
