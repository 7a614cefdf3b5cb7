//! An unknown name is one error.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"])]
fn step() -> Reslt<(), Error> {
    Ok(missing)
}

#[secrets(sources = ["a"])]
async fn step_async() -> Result<Missing, Error> {
    missing()
}

fn main() {}
