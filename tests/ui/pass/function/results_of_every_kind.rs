//! Errors that can be made from `secrets_runtime::Error`.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::secrets;

#[secrets]
fn with_anyhow() -> anyhow::Result<u8> {
    Ok("1".parse::<u8>()?)
}

#[secrets]
fn boxed() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    "1".parse::<u8>()?;
    Ok(())
}

#[secrets]
async fn boxed_async() -> Result<Box<dyn Fn() -> u8>, Box<dyn std::error::Error>> {
    "1".parse::<u8>()?;
    Ok(Box::new(|| 1))
}

enum Mine {
    Secret(secrets_runtime::Error),
}

impl From<secrets_runtime::Error> for Mine {
    fn from(error: secrets_runtime::Error) -> Self {
        Self::Secret(error)
    }
}

#[secrets]
async fn own() -> Result<(), Mine> {
    Ok(())
}

type Outcome<T> = Result<T, Mine>;

#[secrets]
fn alias() -> Outcome<()> {
    Ok(())
}

#[secrets]
fn never_returns() -> Result<(), Mine> {
    loop {
        std::thread::park();
    }
}

#[secrets]
fn panics() -> Result<(), Mine> {
    panic!("always")
}

#[secrets]
async fn early() -> Result<u8, Mine> {
    return Ok(1);
}

fn main() {}
