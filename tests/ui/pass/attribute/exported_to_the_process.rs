//! `export = "process"` on synchronous steps.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["a"], export = "process", allow_override = true)]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
