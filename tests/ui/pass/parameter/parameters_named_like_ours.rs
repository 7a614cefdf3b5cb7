//! The expansion's own variables are of another world.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::{Error, SecretValue, secrets};


#[secrets(sources = ["a"])]
fn sync(guard: u8, step: u8, error: u8, result: u8, __result: u8, filler: u8) -> Result<u8, Error> {
    Ok(guard + step + error + result + __result + filler)
}

#[secrets(sources = ["a"])]
async fn asynchronous(
    guard: u8,
    error: u8,
    #[secret("x")] __value_0: SecretValue,
    #[secret("y")] __filler: SecretValue,
) -> Result<u8, Error> {
    let _ = (__value_0, __filler);
    Ok(guard + error)
}

fn main() {}
