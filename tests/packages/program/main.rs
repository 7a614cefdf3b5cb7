//! A step that reads the secret `prod-db`, which the packed command has written into the local store.

use secrets_runtime::{Error, current_context, secrets, testing};

#[secrets(sources = ["prod-db"])]
fn user() -> Result<String, Error> {
    Ok(current_context().secrets.get("prod-db", "user")?.expose_str()?.to_owned())
}

fn main() -> Result<(), Error> {
    assert_eq!(testing::with_secrets([("prod-db", "user", "test")], user)?, "test");
    assert_eq!(user()?, "app");
    Ok(())
}
