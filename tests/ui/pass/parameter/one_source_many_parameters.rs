//! Several parameters of one source, of types of every kind.
#![deny(warnings)]
#![allow(dead_code)]
use std::collections::HashMap;

use secrets_runtime::{Error, SecretValue, secrets};

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Token(SecretValue);

#[secrets(sources = ["db", { id = "maybe", options = { required = false } }])]
async fn step(
    #[secret("db")] all: HashMap<String, SecretValue>,
    #[secret("db", key = "port")] port: u16,
    #[secret("db", key = "password")] (password,): (SecretValue,),
    #[secret("maybe")] maybe: Option<SecretValue>,
    #[secret("api.v2")] token: Token,
    #[secret("arn:aws:secretsmanager:us-west-2:001234556000:secret:some-secret")] by_arn: Vec<u8>,
) -> Result<usize, Error> {
    drop((password, maybe, token));
    Ok(all.len() + usize::from(port) + by_arn.len())
}

fn main() {
    let _ = step;
}
