//! A step inside a function.
use secrets_runtime::{Error, secrets};

fn outer() -> Result<(), Error> {
    #[secrets(sources = ["prod db"])]
    fn inner() -> Result<(), Error> {
        Ok(())
    }
    inner()
}

fn _uses() {
    drop(outer());
}

fn main() {}
