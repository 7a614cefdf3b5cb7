//! Testing a step without any backend: `cargo test --example unit_test`, and `cargo run --example unit_test`.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use secrets_runtime::{Error, SecretValue, secrets, testing};

#[derive(serde::Deserialize)]
struct Db {
    user: String,
    password: SecretValue,
}

/// In production this reads AWS Secrets Manager; a test never reaches it.
#[secrets]
fn connection_string(
    host: &str,
    #[secret("aws-secrets-manager.prod/db")] db: Db,
) -> Result<SecretValue, Error> {
    // The string holds the password, so it becomes a secret itself.
    let text = format!("postgres://{}:{}@{host}/app", db.user, db.password.expose_str()?);
    Ok(SecretValue::from(text))
}

fn main() -> Result<(), Error> {
    let given = [("prod/db", "user", "app"), ("prod/db", "password", "x")];
    let string = testing::with_secrets(given, || connection_string("localhost"))?;
    println!("{string:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrets_runtime::ErrorKind;

    use super::*;

    #[test]
    fn has_user_password_and_host() -> Result<(), Error> {
        let given = [("prod/db", "user", "app"), ("prod/db", "password", "x")];
        let string = testing::with_secrets(given, || connection_string("localhost"))?;
        assert!(string.ct_eq(&SecretValue::from("postgres://app:x@localhost/app")));
        Ok(())
    }

    #[test]
    fn needs_a_password() {
        let error =
            testing::with_secrets([("prod/db", "user", "app")], || connection_string("localhost"));
        assert_eq!(error.map_err(|error| error.kind()).err(), Some(ErrorKind::KeyNotFound));
    }
}
