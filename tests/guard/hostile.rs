//! Values and errors that go wrong while they are looked through.

use std::{cell::Cell, error::Error as StdError, fmt};

use secrets_runtime::{Error, secrets};
use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::{PASSWORD, paths, with_db};

#[secrets(sources = ["db"], guard = "deny")]
fn returns<T: Serialize>(value: T) -> Result<T, Error> {
    Ok(value)
}

/// Writes some items, and then fails or panics.
struct Broken {
    items: Vec<String>,
    panics: bool,
}

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        self.items.iter().try_for_each(|item| list.serialize_element(item))?;
        assert!(!self.panics, "{PASSWORD}");
        Err(serde::ser::Error::custom(PASSWORD))
    }
}

#[test]
fn a_serialize_that_fails_or_panics_is_not_a_find() {
    for panics in [false, true] {
        let broken = |item: &str| Broken { items: vec![item.to_owned()], panics };
        assert!(with_db(|| returns(broken("a"))).is_ok());
        // What was found before counts.
        assert_eq!(paths(&with_db(|| returns(broken(PASSWORD))).err().unwrap()), ["$[0]"]);
    }
}

/// A list without an end.
struct Endless(Cell<usize>);

impl Serialize for Endless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.set(self.0.get() + 1);
        let mut list = serializer.serialize_seq(Some(1))?;
        list.serialize_element(self)?;
        list.end()
    }
}

#[derive(Serialize)]
struct Nested {
    inner: Option<Box<Nested>>,
    text: &'static str,
}

fn nested(depth: usize) -> Nested {
    let innermost = Nested { inner: None, text: PASSWORD };
    (0..depth).fold(innermost, |inner, _| Nested { inner: Some(Box::new(inner)), text: "a" })
}

#[test]
fn a_serialize_that_recurses_ends() {
    let value = with_db(|| returns(Endless(Cell::new(0)))).unwrap();
    assert!(value.0.get() > 100);
    let error = with_db(|| returns(nested(100))).err().unwrap();
    assert_eq!(paths(&error), [format!("${}.text", ".inner".repeat(100))]);
}

/// An error that caused itself.
#[derive(Debug)]
struct Circle(String);

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Circle {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self)
    }
}

impl From<Error> for Circle {
    fn from(error: Error) -> Self {
        Self(format!("{}: {error}", error.kind()))
    }
}

#[test]
fn a_chain_of_errors_that_is_a_circle_ends() {
    #[secrets(sources = ["db"], guard = "deny")]
    fn step(text: &str) -> Result<(), Circle> {
        Err(Circle(text.to_owned()))
    }
    assert_eq!(with_db(|| step("fine")).unwrap_err().0, "fine");
    let text = with_db(|| step(PASSWORD)).unwrap_err().0;
    assert!(text.starts_with("Leaked: ") && !text.contains("SeNtInEl"), "{text}");
    assert!(text.len() < 100_000, "{}", text.len());
}

/// Cannot be formatted.
struct Unformattable(bool);

impl fmt::Display for Unformattable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PASSWORD)?;
        assert!(!self.0, "{PASSWORD}");
        Err(fmt::Error)
    }
}

impl From<Error> for Unformattable {
    fn from(error: Error) -> Self {
        assert_eq!(error.kind(), secrets_runtime::ErrorKind::Leaked);
        assert!(!error.to_string().contains("SeNtInEl"));
        panic!("it was found");
    }
}

#[test]
fn an_error_that_fails_or_panics_while_it_is_formatted_is_looked_at_as_far_as_it_goes() {
    #[secrets(sources = ["db"], guard = "errors")]
    fn step(panics: bool) -> Result<(), Unformattable> {
        Err(Unformattable(panics))
    }
    for panics in [false, true] {
        let result = std::panic::catch_unwind(|| with_db(|| step(panics)));
        let message = result.err().unwrap();
        assert_eq!(message.downcast_ref::<&str>(), Some(&"it was found"));
    }
}
