//! In function bodies, in modules that shadow, inside other steps, under a raw name, recursive.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::{Error, secrets};

#[secrets(sources = ["outer"])]
fn outer() -> Result<u8, Error> {
    #[secrets(sources = ["inner"])]
    fn inner() -> Result<u8, Error> {
        Ok(1)
    }
    inner()
}

#[secrets]
fn r#match() -> Result<(), Error> {
    Ok(())
}

#[secrets]
fn recursive(depth: u8) -> Result<u8, Error> {
    if depth == 0 { Ok(0) } else { recursive(depth - 1) }
}

#[secrets]
async fn recursive_async(depth: u8) -> Result<u8, Error> {
    if depth == 0 { Ok(0) } else { Box::pin(recursive_async(depth - 1)).await }
}

impl Config {
    const NAME: &'static str = "db";

    #[secrets(sources = [Config::NAME, <Config as Named>::OTHER])]
    fn method<T>(_: T) -> Result<(), Error> {
        Ok(())
    }
}

struct Config;

trait Named {
    const OTHER: &'static str;
}

impl Named for Config {
    const OTHER: &'static str = "other";
}

fn main() {}
