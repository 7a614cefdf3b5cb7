//! `Self` is not known to a static.
use secrets_runtime::{Error, secrets};

struct Config;

impl Config {
    const PROD_DB: &'static str = "prod-db";

    #[secrets(sources = [Self::PROD_DB, <Self>::PROD_DB])]
    fn step(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {}
