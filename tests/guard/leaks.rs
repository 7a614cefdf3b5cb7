//! What the tests share: a secret, and what is said of it.

use base64ct::{Base64, Encoding};
use secrets_runtime::{Error, ErrorKind, testing};

pub const PASSWORD: &str = "SeNtInEl-1";

/// Runs a step with the secret `db`.
pub fn with_db<R>(step: impl FnOnce() -> R) -> R {
    testing::with_secrets([("db", "password", PASSWORD)], step)
}

pub fn base64() -> String {
    Base64::encode_string(PASSWORD.as_bytes())
}

/// Returns the places at which something was found, and in which form.
#[track_caller]
pub fn leaks(error: &Error) -> Vec<(String, String)> {
    assert_eq!(error.kind(), ErrorKind::Leaked, "{error}");
    let text = format!("{error} {error:?} {error:#?}");
    assert!(!text.contains("SeNtInEl") && !text.contains(&base64()[..8]), "{text}");
    let place = |message: &str| {
        let (what, rest) = message.split_once(", at ").unwrap();
        let (path, _) = rest.split_once(" (as ").unwrap();
        // A path in a value begins with `$`, but for one that is masked.
        let place = match path.starts_with("error") {
            true => " is in the error of the step",
            false => " is in what the step returned",
        };
        assert!(what.starts_with("the secret ") && what.ends_with(place), "{message}");
        let (path, rest) = rest.split_once(" (as ").unwrap();
        let (form, _) = rest.split_once(')').unwrap();
        (path.to_owned(), form.to_owned())
    };
    error.problems().iter().map(|problem| place(problem.message())).collect()
}

/// Returns the places at which something was found.
#[track_caller]
pub fn paths(error: &Error) -> Vec<String> {
    leaks(error).into_iter().map(|(path, _)| path).collect()
}
