//! Texts that only the compiler knows. The error names the text.
use secrets_runtime::{Error, Secret, SecretFields, SecretValue, secrets, task};

const MISSING: &str = "nowhere";
const PROD_DB: &str = "prod-db";
const KEY: &str = "usr";
const VAULT: &str = "my-vault";
const REQUEST: Secret = Secret::new("prod-db", "pasword");

#[secrets(sources = [MISSING, PROD_DB, { type = VAULT, id = names::ID }])]
fn sources() -> Result<(), Error> {
    Ok(())
}

#[task(secret_requests = [REQUEST, Secret(group = PROD_DB, key = KEY), Secret(key = MISSING)])]
fn requests() -> Result<(), Error> {
    Ok(())
}

#[secrets]
fn parameters(
    #[secret(MISSING)] a: SecretValue,
    #[secret(PROD_DB, key = KEY)] b: SecretValue,
    #[secret("api-token", key = KEY)] c: SecretValue,
) -> Result<(), Error> {
    let _ = (a, b, c);
    Ok(())
}

#[derive(serde::Deserialize, SecretFields)]
#[allow(dead_code)]
struct Db {
    usr: String,
}

#[secrets]
fn fields(#[secret(PROD_DB)] db: Db) -> Result<(), Error> {
    let _ = db;
    Ok(())
}

mod names {
    pub const ID: &str = "bd";
}

fn main() {}
