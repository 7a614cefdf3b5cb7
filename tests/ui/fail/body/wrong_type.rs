//! Mistakes in the body are shown in the body.
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"])]
fn step() -> Result<u8, Error> {
    Ok("text")
}

#[secrets(sources = ["a"])]
async fn step_async() -> Result<u8, Error> {
    if true {
        return Ok("text");
    }
    "1".parse::<u8>()?;
    Ok(1)
}

fn main() {}
