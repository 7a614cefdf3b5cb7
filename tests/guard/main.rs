//! The leak guard: what steps return is looked through before anybody gets it.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod errors;
mod hostile;
mod steps;
mod values;

use base64ct::{Base64, Encoding};
use secrets_runtime::{Error, ErrorKind, testing};

const PASSWORD: &str = "SeNtInEl-1";

/// Runs a step with the secret `db`.
fn with_db<R>(step: impl FnOnce() -> R) -> R {
    testing::with_secrets([("db", "password", PASSWORD)], step)
}

fn base64() -> String {
    Base64::encode_string(PASSWORD.as_bytes())
}

/// Returns the places at which something was found, and in which form.
#[track_caller]
fn leaks(error: &Error) -> Vec<(String, String)> {
    assert_eq!(error.kind(), ErrorKind::Leaked, "{error}");
    let text = format!("{error} {error:?} {error:#?}");
    assert!(!text.contains("SeNtInEl") && !text.contains(&base64()[..8]), "{text}");
    let place = |message: &str| {
        let (what, rest) = message.split_once(" is in what the step returned, at ").unwrap();
        assert!(what.starts_with("the secret "), "{message}");
        let (path, rest) = rest.split_once(" (as ").unwrap();
        let (form, _) = rest.split_once(')').unwrap();
        (path.to_owned(), form.to_owned())
    };
    error.problems().iter().map(|problem| place(problem.message())).collect()
}

/// Returns the places at which something was found.
#[track_caller]
fn paths(error: &Error) -> Vec<String> {
    leaks(error).into_iter().map(|(path, _)| path).collect()
}
