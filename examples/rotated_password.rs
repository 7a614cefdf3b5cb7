//! A password that changes while a job runs: the step that is refused gets the new one, and runs again.
//!
//! `cargo run --example rotated_password`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::fmt;

use secrets_examples::Playground;
use secrets_runtime::{Error, Payload, SecretValue, secrets};

/// What can go wrong in a step: its secrets are not there, or the database does not let it in.
#[derive(Debug)]
enum Failure {
    Secrets(Error),
    WrongPassword,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secrets(error) => error.fmt(f),
            Self::WrongPassword => f.write_str("the database refuses the password"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Secrets(error)
    }
}

/// After these errors the secrets are fetched again.
fn is_auth_error(failure: &Failure) -> bool {
    matches!(failure, Failure::WrongPassword)
}

/// If its secret has changed meanwhile, the body runs once more, with the new one. The arguments are `Clone`.
#[secrets(refresh_on = is_auth_error)]
async fn load(
    database: &Database<'_>,
    rows: usize,
    #[secret("prod-db", key = "password")] password: SecretValue,
) -> Result<usize, Failure> {
    println!("load    logs in with a password of {} bytes", password.expose_bytes().len());
    database.log_in(&password).await?;
    Ok(rows)
}

/// A database whose password changes at the moment of the first login.
struct Database<'a> {
    store: &'a Playground,
}

impl Database<'_> {
    async fn log_in(&self, password: &SecretValue) -> Result<(), Failure> {
        let new = "a new and longer one";
        if password.ct_eq(&SecretValue::from(new)) {
            println!("        and is let in");
            return Ok(());
        }
        self.store.put("prod-db", json(new)).await?;
        println!("        and is refused: it has just been changed");
        Err(Failure::WrongPassword)
    }
}

fn json(password: &str) -> Payload {
    Payload::Json(SecretValue::from(format!(r#"{{"password": "{password}"}}"#)))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let store = Playground::new()?;
    store.put("prod-db", json("the old one")).await?;
    store.install()?;
    let rows = load(&Database { store: &store }, 1_000).await?;
    println!("end     {rows} rows were loaded");
    Ok(())
}
