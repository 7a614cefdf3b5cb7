//! A step with `refresh_on` returns what every step returns, and so does its body.
use secrets_runtime::{Error, secrets};

fn is_auth_error(_: &Error) -> bool {
    true
}

fn is_text(_: &String) -> bool {
    true
}

#[secrets(refresh_on = is_auth_error)]
fn no_result(rows: usize) -> Option<usize> {
    Some(rows)
}

#[secrets(refresh_on = is_text)]
async fn another_error(rows: usize) -> Result<usize, String> {
    Ok(rows)
}

#[secrets(refresh_on = is_auth_error)]
fn another_value(rows: usize) -> Result<String, Error> {
    Ok(rows)
}

#[secrets(refresh_on = is_auth_error)]
async fn another_value_later(rows: usize) -> Result<String, Error> {
    if rows > 1 {
        return Ok(1);
    }
    Ok(rows)
}

#[secrets(refresh_on = is_auth_error)]
fn nothing(rows: usize) -> Result<(), Error> {
    let _ = rows;
}

#[secrets(refresh_on = is_auth_error)]
async fn another_error_inside(text: &str) -> Result<usize, Error> {
    Ok(text.parse::<usize>()?)
}

fn main() {}
