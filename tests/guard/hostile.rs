//! Values and errors that go wrong while they are searched.

use std::{cell::Cell, error::Error as StdError, fmt};

use secrets_runtime::{Error, ErrorKind, secrets, testing};
use serde::{Serialize, Serializer, ser::SerializeSeq};
use serde_json::json;

use crate::leaks::{PASSWORD, paths, with_db};

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

impl Drop for Nested {
    /// Drops a deep value without recursion.
    fn drop(&mut self) {
        let mut inner = self.inner.take();
        while let Some(mut next) = inner {
            inner = next.inner.take();
        }
    }
}

fn nested(depth: usize) -> Nested {
    let innermost = Nested { inner: None, text: PASSWORD };
    (0..depth).fold(innermost, |inner, _| Nested { inner: Some(Box::new(inner)), text: "a" })
}

/// Has what is too deep, and does not say so.
struct Forgiving(Endless);

impl Serialize for Forgiving {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(1))?;
        let _ = list.serialize_element(&self.0);
        list.end()
    }
}

/// The only problem of a step whose result cannot be searched.
#[track_caller]
fn unseen(error: &Error) -> &str {
    let [problem] = error.problems() else { panic!("{error}") };
    assert_eq!(error.kind(), ErrorKind::Leaked);
    assert!(problem.help().unwrap().contains("`guard = \"warn\"` lets it pass"), "{error}");
    problem.message()
}

#[test]
fn a_serialize_that_recurses_ends_and_is_refused() {
    let endless = || Endless(Cell::new(0));
    let error = with_db(|| returns(endless())).err().unwrap();
    assert!(unseen(&error).contains("it is nested too deeply"), "{error}");
    let error = with_db(|| returns(Forgiving(endless()))).err().unwrap();
    assert!(unseen(&error).contains("it is nested too deeply"), "{error}");
    let error = with_db(|| returns(nested(50_000))).err().unwrap();
    assert!(unseen(&error).contains("it is nested too deeply"), "{error}");
    // With a warning it passes, and was looked at as far as that went.
    #[secrets(sources = ["db"], guard = "warn")]
    fn warned(value: Endless) -> Result<Endless, Error> {
        Ok(value)
    }
    assert!(with_db(|| warned(endless())).unwrap().0.get() > 100);
    let error = with_db(|| returns(nested(100))).err().unwrap();
    assert_eq!(paths(&error), [format!("${}.text", ".inner".repeat(100))]);
}

#[test]
fn a_secret_with_characters_that_a_path_escapes_is_masked_in_it() {
    for secret in [
        "SeNtInEl\"defgh\tijklmnop",
        "SeNtInEl\\defgh\nijklmnop",
        "SeNtInEl\"defgh\\\0ijklmnop",
        "SeNtInEl\"defgh\n\tdefgh\\ijklmnop\n",
        "SeNtInEl\u{1b}[31m\"ijklmnop\u{202e}",
    ] {
        let value = json!({ format!("key-{secret}"): [secret], "a": { secret: { "b": secret } } });
        let given = [("db", "password", secret)];
        let error = testing::with_secrets(given, || returns(value)).unwrap_err();
        let found = paths(&error);
        assert!(found.contains(&"$[\"key-***\"][0]".to_owned()), "{found:?}");
        assert!(found.contains(&"$.a[\"***\"].b".to_owned()), "{found:?}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("defgh") && !text.contains("ijklmnop"), "{text}");
    }
}

#[test]
fn a_path_is_one_short_line() {
    let key = |key: &str| paths(&with_db(|| returns(json!({ key: PASSWORD }))).unwrap_err());
    assert_eq!(key("a\tb\n\u{1b}\u{202e}"), ["$[\"a\\tb\\n\\u001B\\u202e\"]"]);
    assert_eq!(key(&"x".repeat(10_000)), [format!("$.{}..", "x".repeat(200))]);
    // A name is cut after it is masked.
    let found = key(&format!("{}{PASSWORD}", "x".repeat(195)));
    assert_eq!(found, ["$".to_owned(), format!("$[\"{}***\"]", "x".repeat(195))]);
    let wide = (0..100).fold(json!(PASSWORD), |inner, _| json!({ "y".repeat(100): inner }));
    let [path] = &paths(&with_db(|| returns(wide)).unwrap_err())[..] else { panic!() };
    assert!(path.starts_with("$.yyy") && path.ends_with("..") && path.len() == 2002, "{path}");
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
fn an_error_that_fails_or_panics_while_it_is_formatted_is_searched_up_to_there() {
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
