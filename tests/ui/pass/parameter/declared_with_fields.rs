//! A parameter declares its source with fields, as in `sources`.
#![deny(warnings)]
use secrets_runtime::{Error, SecretValue, secrets, testing};

const ID: &str = "api";

#[secrets]
fn load(
    #[secret({ id = "db", type = "local", options = { required = false } })] db: Option<SecretValue>,
    #[secret({ "id": ID, "group": "token", "options": { "json": false } })] api: SecretValue,
    #[secret({ id = "prod/db", group = "prod" }, key = "user")] user: String,
    #[secret("prod", key = "port")] port: u16,
) -> Result<(), Error> {
    assert!(db.is_none());
    assert_eq!((api.expose_str()?, user.as_str(), port), ("t", "app", 5432));
    Ok(())
}

#[secrets(sources = [{ id = "db", options = { required = false } }])]
async fn by_name(#[secret("db")] db: Option<SecretValue>) -> Result<bool, Error> {
    Ok(db.is_none())
}

fn main() {
    let given = [("token", "t", "t"), ("prod", "user", "app"), ("prod", "port", "5432")];
    testing::with_secrets(given, load).unwrap();
    let _ = by_name();
}
