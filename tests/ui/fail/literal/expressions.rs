//! Expressions cannot be read.
use secrets_runtime::{Error, secrets};

const NAME: &str = "name";

#[secrets(sources = [format!("a"), "a".to_owned(), NAME.trim(), &NAME, name(), "b" + "c"], role = concat!("a", "b"))]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
