//! `#[secrets]` and `#[task]` on one function, in either order, with or without arguments.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::{Error, secrets, task};

#[secrets(sources = ["a"])]
#[task(secret_requests = [Secret(group = "g", key = "k")])]
fn one() -> Result<(), Error> {
    Ok(())
}

#[task(secret_requests = [Secret(group = "g", key = "k")])]
#[secrets(sources = ["a"], role = "")]
async fn two() -> Result<(), Error> {
    Ok(())
}

#[secrets(sources = ["a"])]
#[task]
fn three() -> Result<(), Error> {
    Ok(())
}

#[task]
#[secrets(sources = ["a"])]
async fn four() -> Result<(), Error> {
    Ok(())
}

#[secrets]
#[secrets_runtime::task(role = "")]
fn five() -> Result<(), Error> {
    Ok(())
}

#[secrets]
#[task]
fn six() -> Result<(), Error> {
    Ok(())
}

fn main() {}
