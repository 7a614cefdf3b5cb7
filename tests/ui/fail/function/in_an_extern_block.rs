//! A foreign function has no body.
use secrets_runtime::{Error, secrets};

unsafe extern "C" {
    #[secrets(sources = ["a"])]
    fn step() -> i32;
}

fn _uses() -> Result<(), Error> {
    unsafe { step() };
    Ok(())
}

fn main() {}
