use std::{
    fmt::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

/// Where something stands in what a step returns. A part of a value refers to the value that it is a part of, so a path
/// costs nothing until it is written.
#[derive(Clone, Copy)]
pub(super) struct OutputPath<'p> {
    pub parent: Option<&'p OutputPath<'p>>,
    pub last: PathPart<'p>,
}

/// One part of a path.
#[derive(Clone, Copy)]
pub(super) enum PathPart<'p> {
    /// What a step returned.
    Value,
    /// The error that it returned.
    Error,
    /// So many errors below that one.
    Source(usize),
    Member(&'p str),
    /// The key of an entry of a map, which is not written before it is needed.
    Key(&'p dyn MapKey),
    Index(usize),
}

/// The key of an entry of a map.
pub(super) trait MapKey {
    /// Returns the key as JSON has it. It may contain a secret.
    fn text(&self) -> Zeroizing<String>;
}

impl<T: Serialize + ?Sized> MapKey for &T {
    fn text(&self) -> Zeroizing<String> {
        let value = catch_unwind(AssertUnwindSafe(|| serde_json::to_value(self)));
        Zeroizing::new(match value {
            Ok(Ok(Value::String(text))) => text,
            Ok(Ok(value)) => value.to_string(),
            Ok(Err(_)) | Err(_) => String::from("?"),
        })
    }
}

impl<'p> OutputPath<'p> {
    pub(super) const fn root(last: PathPart<'p>) -> Self {
        Self { parent: None, last }
    }

    pub(super) const fn with(&'p self, last: PathPart<'p>) -> Self {
        Self { parent: Some(self), last }
    }
}

impl fmt::Display for OutputPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not by recursion: a path may have as many parts as there was stack for.
        let mut parts = vec![self.last];
        let mut parent = self.parent;
        while let Some(path) = parent {
            parts.push(path.last);
            parent = path.parent;
        }
        parts.iter().rev().try_for_each(|part| part.fmt(f))
    }
}

impl fmt::Display for PathPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => f.write_str("$"),
            Self::Error => f.write_str("error"),
            Self::Source(index) => write!(f, "error.source[{index}]"),
            Self::Key(key) => PathPart::Member(&key.text()).fmt(f),
            Self::Member(name) if is_identifier(name) => write!(f, ".{name}"),
            Self::Member(name) => {
                f.write_str("[\"")?;
                for char in name.chars() {
                    match char {
                        '"' | '\\' => write!(f, "\\{char}")?,
                        char => f.write_char(char)?,
                    }
                }
                f.write_str("\"]")
            }
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

fn is_identifier(name: &str) -> bool {
    let is_inside = |char: char| char.is_alphanumeric() || char == '_';
    !name.is_empty() && name.chars().all(is_inside) && !name.starts_with(|c: char| c.is_numeric())
}
