//! Every bad constant is reported.
use secrets_runtime::{Error, Secret, task};

const WHOLE: Secret = Secret::new("", "");
const UP: &str = "../a";
const SLASH: &str = "a/b";
const LOWER: &str = "lower";

#[task(secret_requests = [WHOLE, Secret(group = UP, key = "a"), Secret(group = "db", key = SLASH), Secret(group = UP, key = SLASH), Secret(key = "v", env_var = LOWER)])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
