//! The arguments of a step with `refresh_on` are `Clone`.
use std::collections::HashMap;

use secrets_runtime::{Error, secrets};

fn is_auth_error(_: &Error) -> bool {
    true
}

struct Plain;

#[secrets(refresh_on = is_auth_error)]
fn one(rows: usize, plain: Plain) -> Result<usize, Error> {
    let _ = plain;
    Ok(rows)
}

#[secrets(refresh_on = is_auth_error)]
async fn nested((rows, all): (usize, HashMap<String, Plain>)) -> Result<usize, Error> {
    let _ = all;
    Ok(rows)
}

#[secrets(refresh_on = is_auth_error)]
fn generic<T>(value: T) -> Result<T, Error> {
    Ok(value)
}

#[secrets(refresh_on = is_auth_error)]
async fn opaque(parts: impl Iterator<Item = usize>) -> Result<usize, Error> {
    Ok(parts.sum())
}

fn main() {}
