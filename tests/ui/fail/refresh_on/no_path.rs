//! `refresh_on` is a path to a function.
use secrets_runtime::{Error, secrets, task};

fn is_auth_error(_: &Error) -> bool {
    true
}

#[secrets(refresh_on = is_auth_error())]
fn a_call() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = crate::is_auth_error(&error), sources = ["a"])]
fn a_call_by_path() -> Result<(), Error> {
    Ok(())
}

#[task(refresh_on = |error| is_auth_error(error))]
async fn a_closure() -> Result<(), Error> {
    Ok(())
}

#[task(refresh_on = move |error: &Error| -> bool { is_auth_error(error) })]
async fn a_closure_that_moves() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = "is_auth_error")]
fn a_text() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = "an error of authentication")]
fn some_text() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = 401)]
fn a_number() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = true)]
fn a_flag() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = &is_auth_error)]
fn a_reference() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = [is_auth_error])]
fn a_list() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on)]
fn nothing() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = )]
fn no_value() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh = is_auth_error)]
fn another_name() -> Result<(), Error> {
    Ok(())
}

#[secrets(sources = [{ id = "a", refresh_on = is_auth_error }])]
fn in_a_source() -> Result<(), Error> {
    Ok(())
}

fn main() {}
