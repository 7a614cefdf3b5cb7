//! A type parameter is not known to a static.
use secrets_runtime::{Error, secrets};

trait Named {
    const NAME: &'static str;
}

#[secrets(sources = [T::NAME, <T as Named>::NAME, <Vec<T> as Named>::NAME])]
fn step<T: Named>() -> Result<(), Error> {
    Ok(())
}

fn main() {}
