//! Results that can be searched.
#![deny(warnings)]

use std::fmt::{Debug, Display};

use secrets_runtime::{Error, secrets, task};
use serde::Serialize;

#[secrets(guard = "deny")]
fn unit() -> Result<(), Error> {
    Ok(())
}

#[task(guard = "warn")]
async fn opaque() -> Result<impl Serialize + Send, Error> {
    Ok(1)
}

#[secrets(guard = "deny")]
fn borrowed<'a>(text: &'a str) -> anyhow::Result<&'a str> {
    Ok(text)
}

#[secrets(guard = "errors")]
fn generic<T, E: From<Error>>(value: T) -> Result<T, E> {
    Ok(value)
}

#[secrets(guard = "deny")]
fn shown<T: Serialize, E: From<Error> + Display + Debug>(value: T) -> Result<T, E> {
    Ok(value)
}

#[secrets]
fn says_nothing<'a, T: Send, E: From<Error>>(values: &'a [T]) -> Result<&'a [T], E> {
    Ok(values)
}

#[secrets(guard = "off")]
fn off() -> Result<std::rc::Rc<dyn Fn()>, Box<dyn std::error::Error>> {
    Ok(std::rc::Rc::new(|| ()))
}

fn main() {
    let _: fn(_) -> anyhow::Result<&'static str> = borrowed;
    let _: fn(u8) -> Result<u8, Error> = generic;
    let _: fn(u8) -> Result<u8, Error> = shown;
    let _ = says_nothing::<u8, Error>(&[]).is_ok();
    let _ = (unit().is_ok(), off().is_ok());
    drop(opaque());
}
