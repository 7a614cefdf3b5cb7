//! Which parts of an error are searched.

use std::{error::Error as StdError, fmt};

use secrets_runtime::{Error, ErrorKind, secrets};

use crate::leaks::{PASSWORD, base64, paths, with_db};

#[derive(Debug)]
enum Failure {
    Secrets(Error),
    Text(String),
    Nested(Box<Failure>),
    /// Shown by `Debug` alone.
    Quiet(#[allow(dead_code, reason = "Debug shows it")] String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secrets(error) => error.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Nested(_) => f.write_str("outer"),
            Self::Quiet(_) => f.write_str("quiet"),
        }
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Nested(inner) => Some(&**inner),
            _ => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Secrets(error)
    }
}

fn text() -> Failure {
    Failure::Text(format!("login with {PASSWORD} failed"))
}

/// The error of the guard.
#[track_caller]
fn leaked<T>(result: Result<T, Failure>) -> Error {
    match result {
        Err(Failure::Secrets(error)) => error,
        Err(other) => panic!("it passed: {}", other.to_string().len()),
        Ok(_) => panic!("it succeeded"),
    }
}

#[secrets(sources = ["db"], guard = "errors")]
fn fails(failure: Failure) -> Result<String, Failure> {
    Err(failure)
}

#[test]
fn the_chain_of_an_error_is_searched_and_its_masked_text_stays() {
    let error = leaked(with_db(|| fails(text())));
    assert_eq!(paths(&error), ["error"]);
    let message = error.problems()[0].message();
    assert!(message.contains("login with *** failed"), "{message}");

    let error = leaked(with_db(|| fails(Failure::Nested(Box::new(text())))));
    assert_eq!(paths(&error), ["error.source[0]"]);
    let message = error.problems()[0].message();
    assert!(message.contains("outer: login with *** failed"), "{message}");

    let nested = Failure::Nested(Box::new(Failure::Nested(Box::new(text()))));
    assert_eq!(paths(&leaked(with_db(|| fails(nested)))), ["error.source[1]"]);
    let quiet = || Failure::Quiet(base64());
    assert_eq!(paths(&leaked(with_db(|| fails(quiet())))), ["error"]);
    let nested = Failure::Nested(Box::new(Failure::Nested(Box::new(quiet()))));
    assert_eq!(paths(&leaked(with_db(|| fails(nested)))), ["error.source[1]"]);
}

/// A value of this type cannot be looked at, so `guard = "warn"` would not compile.
#[test]
fn the_help_says_what_compiles() {
    struct Opened;
    #[secrets(sources = ["db"], guard = "errors")]
    fn errors() -> Result<Opened, Failure> {
        Err(text())
    }
    #[secrets(sources = ["db"], guard = "deny")]
    fn deny(is_error: bool) -> Result<String, Failure> {
        if is_error { Err(text()) } else { Ok(PASSWORD.to_owned()) }
    }
    let help = |error: Error| error.problems()[0].help().unwrap().to_owned();
    let said = help(leaked(with_db(errors)));
    assert_eq!(said, "leave the secret out of the error; `guard = \"off\"` lets it pass");
    let said = help(leaked(with_db(|| deny(true))));
    assert_eq!(
        said,
        "leave the secret out of the error; `guard = \"warn\"` lets it pass with a warning"
    );
    let said = help(leaked(with_db(|| deny(false))));
    assert!(said.starts_with("return what was done with the secret instead of the secret; `guard"));
}

#[test]
fn an_error_without_a_secret_passes() {
    let failure = with_db(|| fails(Failure::Text("SeNtInEl".to_owned()))).unwrap_err();
    assert!(matches!(failure, Failure::Text(_)));
}

#[test]
fn the_value_is_not_searched_with_errors() {
    #[secrets(sources = ["db"], guard = "errors")]
    fn step() -> Result<(String, fn()), Failure> {
        fn nothing() {}
        Ok((PASSWORD.to_owned(), nothing))
    }
    assert!(with_db(step).is_ok());
}

#[test]
fn errors_of_every_kind_are_searched() {
    #[secrets(sources = ["db"], guard = "errors")]
    fn of_anyhow() -> anyhow::Result<()> {
        let error = anyhow::anyhow!("login with {PASSWORD} failed");
        Err(error.context("middle").context("outer"))
    }
    let error = with_db(of_anyhow).unwrap_err();
    let error = error.downcast_ref::<Error>().unwrap();
    assert_eq!(paths(error), ["error.source[1]"]);
    let message = error.problems()[0].message();
    assert!(message.contains("outer: middle: login with *** failed"), "{message}");

    #[secrets(sources = ["db"], guard = "errors")]
    fn of_a_box() -> Result<(), Box<dyn StdError + Send + Sync>> {
        Err(Failure::Nested(Box::new(text())).into())
    }
    let error = with_db(of_a_box).unwrap_err();
    assert_eq!(paths(error.downcast_ref::<Error>().unwrap()), ["error.source[0]"]);

    #[secrets(sources = ["db"], guard = "errors")]
    fn of_a_plain_box() -> Result<(), Box<dyn StdError>> {
        Err(PASSWORD.into())
    }
    let error = with_db(of_a_plain_box).unwrap_err();
    assert_eq!(paths(error.downcast_ref::<Error>().unwrap()), ["error"]);

    #[secrets(sources = ["db"], guard = "errors")]
    fn of_the_library() -> Result<(), Error> {
        let cause = std::io::Error::other(PASSWORD);
        Err(Error::new(ErrorKind::Other, "outer").with_cause(cause))
    }
    assert_eq!(paths(&with_db(of_the_library).unwrap_err()), ["error.source[0]"]);
}

/// Has `Display` alone.
struct Shown(String);
/// Has `Debug` alone.
#[derive(Debug)]
struct Printed(String);
/// Has neither.
struct Hidden(String);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Shown {
    fn from(error: Error) -> Self {
        Self(format!("{}: {error}", error.kind()))
    }
}

impl From<Error> for Printed {
    fn from(error: Error) -> Self {
        Self(format!("{}: {error}", error.kind()))
    }
}

impl From<Error> for Hidden {
    fn from(error: Error) -> Self {
        Self(format!("{}: {error}", error.kind()))
    }
}

#[test]
fn every_text_of_an_error_is_searched() {
    #[secrets(sources = ["db"], guard = "errors")]
    fn shown() -> Result<(), Shown> {
        Err(Shown(PASSWORD.to_owned()))
    }
    #[secrets(sources = ["db"], guard = "errors")]
    fn printed() -> Result<(), Printed> {
        Err(Printed(PASSWORD.to_owned()))
    }
    #[secrets(sources = ["db"], guard = "errors")]
    fn hidden() -> Result<(), Hidden> {
        Err(Hidden(PASSWORD.to_owned()))
    }
    #[secrets(sources = ["db"], guard = "errors")]
    fn generic<E: fmt::Display + From<Error>>(error: E) -> Result<(), E> {
        Err(error)
    }
    let is_leaked = |text: String| {
        assert!(!text.contains("SeNtInEl"), "it passed");
        text.starts_with("Leaked: ") && text.contains("at error (as value)")
    };
    assert!(is_leaked(with_db(shown).unwrap_err().0));
    assert!(is_leaked(with_db(printed).unwrap_err().0));
    // Nobody can print it.
    assert_eq!(with_db(hidden).err().unwrap().0, PASSWORD);
    assert!(is_leaked(with_db(|| generic(Shown(PASSWORD.to_owned()))).unwrap_err().0));
}

#[test]
fn the_value_and_the_error_are_searched_with_deny() {
    #[secrets(sources = ["db"], guard = "deny")]
    fn step(failure: Option<Failure>) -> Result<String, Failure> {
        failure.map_or(Ok(PASSWORD.to_owned()), Err)
    }
    assert_eq!(paths(&leaked(with_db(|| step(None)))), ["$"]);
    assert_eq!(paths(&leaked(with_db(|| step(Some(text()))))), ["error"]);
}

#[test]
fn the_own_error_of_a_step_that_cannot_start_passes() {
    let error = fails(text());
    drop(error);
    let given: [(&str, &str, &str); 0] = [];
    let error = leaked(secrets_runtime::testing::with_secrets(given, || fails(text())));
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
