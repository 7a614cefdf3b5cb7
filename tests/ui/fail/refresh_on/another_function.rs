//! The function that `refresh_on` names takes the step's error by reference and returns a flag.
use secrets_runtime::{Error, secrets};

fn of_text(_: &str) -> bool {
    true
}

fn by_value(_: Error) -> bool {
    true
}

fn with_two(_: &Error, _: usize) -> bool {
    true
}

fn without_a_flag(_: &Error) {}

const NO_FUNCTION: bool = true;

#[secrets(refresh_on = of_text)]
fn another_error() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = by_value)]
async fn takes_it() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = crate::with_two)]
fn takes_two() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = without_a_flag)]
fn gives_nothing() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = NO_FUNCTION)]
fn no_function() -> Result<(), Error> {
    Ok(())
}

#[secrets(refresh_on = of_text)]
async fn with_impl_trait() -> Result<impl Send, Error> {
    Ok(())
}

fn main() {}
