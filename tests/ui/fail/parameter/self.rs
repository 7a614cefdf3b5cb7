//! `self` is not a secret.
use secrets_runtime::{Error, secrets};

struct Job;

impl Job {
    #[secrets]
    fn step(#[secret("a")] &self) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {}
