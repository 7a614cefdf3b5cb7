use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::Serialize;
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    core::escape::{escape_json, write_json},
    mask::masker::Masker,
    private::guard::wiped_text::wiped_text,
};

/// The longest path that a message contains, in characters.
const MAX_PATH: usize = 2000;

/// The longest name of a member in a path, in characters.
const MAX_NAME: usize = 200;

/// A place in the result of a step. A part of a value refers to the whole value, so a path costs nothing until it is
/// written.
#[derive(Clone, Copy)]
pub(super) struct OutputPath<'p> {
    pub parent: Option<&'p OutputPath<'p>>,
    pub last: PathPart<'p>,
}

/// One part of a path.
#[derive(Clone, Copy)]
pub(super) enum PathPart<'p> {
    /// The value that a step returned.
    Value,
    /// The error that a step returned.
    Error,
    /// The source of the error that is this many errors below it.
    Source(usize),
    Member(&'p str),
    /// The key of an entry of a map. It is written only when it is needed.
    Key(&'p dyn MapKey),
    Index(usize),
}

/// The key of an entry of a map.
pub(super) trait MapKey {
    /// Returns the key as JSON writes it. It may contain a secret.
    fn text(&self) -> Zeroizing<String>;
}

impl<T: Serialize + ?Sized> MapKey for &T {
    fn text(&self) -> Zeroizing<String> {
        let value = catch_unwind(AssertUnwindSafe(|| serde_json::to_value(self)));
        match value {
            Ok(Ok(Value::String(text))) => Zeroizing::new(text),
            Ok(Ok(value)) => {
                let text = wiped_text(&value);
                wipe(value);
                text
            }
            Ok(Err(_)) | Err(_) => Zeroizing::new(String::from("?")),
        }
    }
}

/// Wipes the texts of a value.
fn wipe(value: Value) {
    match value {
        Value::String(mut text) => text.zeroize(),
        Value::Array(items) => items.into_iter().for_each(wipe),
        Value::Object(members) => members.into_iter().for_each(|(mut name, value)| {
            name.zeroize();
            wipe(value);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl<'p> OutputPath<'p> {
    pub(super) const fn root(last: PathPart<'p>) -> Self {
        Self { parent: None, last }
    }

    pub(super) const fn with(&'p self, last: PathPart<'p>) -> Self {
        Self { parent: Some(self), last }
    }

    /// Whether this is a place in an error.
    pub(super) fn is_in_error(&self) -> bool {
        // A path in an error has one part.
        matches!(self.last, PathPart::Error | PathPart::Source(_))
    }

    /// Returns the path as text, without secrets and not too long.
    pub(super) fn masked(&self, masker: &Masker) -> String {
        // Not by recursion: a path may have as many parts as there was stack for.
        let mut parts = vec![self.last];
        let mut parent = self.parent;
        while let Some(path) = parent {
            parts.push(path.last);
            parent = path.parent;
        }
        let mut text = String::new();
        for part in parts.iter().rev() {
            // A character has at most four bytes.
            if text.len() > 4 * MAX_PATH {
                break;
            }
            part.write_masked(masker, &mut text);
        }
        // Several parts can form a secret together.
        shortened(&masker.mask(&text), MAX_PATH).into_owned()
    }
}

impl PathPart<'_> {
    fn write_masked(&self, masker: &Masker, to: &mut String) {
        match self {
            Self::Value => to.push('$'),
            Self::Error => to.push_str("error"),
            Self::Source(index) => to.push_str(&format!("error.source[{index}]")),
            Self::Index(index) => to.push_str(&format!("[{index}]")),
            Self::Key(key) => PathPart::Member(&key.text()).write_masked(masker, to),
            Self::Member(name) => {
                // Masked before it is escaped and cut: after that a secret in it would not be found.
                let masked = masker.mask(name);
                let shown = shortened(&masked, MAX_NAME);
                if is_identifier(name) {
                    to.push('.');
                    to.push_str(&shown);
                } else {
                    let mut quoted = String::new();
                    write_json(&shown, &mut quoted);
                    to.push_str(&format!("[{}]", escape_json(&quoted)));
                }
            }
        }
    }
}

/// Returns the text, or its beginning if it is longer than this many characters.
fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => Cow::Owned(format!("{}..", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

fn is_identifier(name: &str) -> bool {
    let is_inside = |char: char| char.is_alphanumeric() || char == '_';
    !name.is_empty() && name.chars().all(is_inside) && !name.starts_with(|c: char| c.is_numeric())
}
