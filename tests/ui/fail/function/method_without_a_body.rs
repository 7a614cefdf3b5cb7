//! A step has a body.
use secrets_runtime::{Error, secrets};

trait Work {
    #[secrets(sources = ["a"])]
    fn work(&self) -> Result<(), Error>;
}

fn main() {}
