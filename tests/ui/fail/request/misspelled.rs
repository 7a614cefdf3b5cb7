//! `Secret` is nearly right, or another word; mistakes inside are reported too.
use secrets_runtime::{Error, task};

#[task(secret_requests = [Secert(group = "db", key = "password"), secret(key = "a/b"), Request(group = "db", key = "c"), Secrte { key: "d" }])]
fn step() -> Result<(), Error> {
    Ok(())
}

fn main() {}
