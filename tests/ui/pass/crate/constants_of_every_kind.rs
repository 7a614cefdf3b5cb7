//! Constants from macros, functions, statics' neighbours, associated constants and blocks.
#![deny(warnings)]
#![allow(dead_code)]
use secrets_runtime::{Error, Secret, secrets, task};

const JOINED: &str = concat!("prod", "-db");
const COMPUTED: &str = computed();
const SECRET: Secret = request("db");

const fn computed() -> &'static str {
    "computed"
}

const fn request(group: &'static str) -> Secret {
    Secret::new(group, "password").env_var("DB_PASSWORD")
}

struct Config<T>(T);

impl<T> Config<T> {
    const NAME: &'static str = "of-a-generic-type";
}

#[secrets(sources = [JOINED, COMPUTED, Config::<u8>::NAME, { id = <Config<Vec<u8>>>::NAME, group = "again" }, self::deeper::NAME])]
fn step() -> Result<(), Error> {
    Ok(())
}

#[task(secret_requests = [SECRET, deeper::SECRET])]
fn requests() -> Result<(), Error> {
    Ok(())
}

mod deeper {
    use secrets_runtime::{Error, Secret, secrets};

    pub const NAME: &str = "deeper";
    pub const SECRET: Secret = Secret::new("deeper", "password");

    #[secrets(sources = [super::JOINED, crate::COMPUTED], role = super::JOINED_ROLE)]
    pub fn step() -> Result<(), Error> {
        Ok(())
    }
}

const JOINED_ROLE: &str = concat!("arn:aws:iam::123456789012:role/", "R");

fn main() {
    let _ = (step, requests, deeper::step);
}
