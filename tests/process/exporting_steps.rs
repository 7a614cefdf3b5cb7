//! Steps that export, and checks of the environment.

use std::env;

use secrets_runtime::{Error, ErrorKind, secrets, testing::with_secrets};

pub const GIVEN: [(&str, &str, &str); 2] =
    [("db", "db-user", "SeNtInEl-user"), ("db", "DB_PASSWORD", "SeNtInEl-password")];

#[secrets(sources = ["db"], export = "process")]
pub fn exporting(body: impl FnOnce()) -> Result<(), Error> {
    body();
    Ok(())
}

#[secrets(sources = ["db"], export = "process", allow_override = true)]
pub fn overriding(body: impl FnOnce()) -> Result<(), Error> {
    body();
    Ok(())
}

pub fn var(name: &str) -> Option<String> {
    env::var(name).ok()
}

pub fn assert_set() {
    assert_eq!(var("db_user").as_deref(), Some("SeNtInEl-user"));
    assert_eq!(var("DB_PASSWORD").as_deref(), Some("SeNtInEl-password"));
}

pub fn assert_unset() {
    assert_eq!((var("db_user"), var("DB_PASSWORD")), (None, None));
}

/// The kinds of all problems of a step whose body must not run.
pub fn refused(
    given: &[(&str, &str, &str)],
    step: fn(fn()) -> Result<(), Error>,
) -> Vec<ErrorKind> {
    let error = with_secrets(given.to_vec(), || step(|| panic!("the body runs"))).unwrap_err();
    assert!(!error.to_string().contains("SeNtInEl"), "the error shows a value");
    assert!(error.problems().iter().all(|problem| problem.help().is_some()), "{error}");
    error.problems().iter().map(|problem| problem.kind()).collect()
}
