use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use crate::{
    core::{
        error::{ErrorKind, Problem},
        escape::backquoted_list,
    },
    payload::de::{
        input::{Input, one_of},
        path::Path,
        reading::Reading,
    },
};

/// The reason why a run stopped.
///
/// Of serde's errors, only what describes the *type* is kept: the names of fields and variants, and what was
/// expected. What was found instead is dropped, since it may be a value.
///
/// A type may format it, and what the type expects may be made from a value. So neither `Display` nor `Debug` shows
/// more than that there is an error.
pub(super) enum Abort {
    /// A required field of this name is missing. The path is not known yet, here and in the next three.
    MissingField(&'static str),
    /// There are two fields with this name.
    DuplicateField(&'static str),
    /// A field's name is not one of these.
    UnknownField(&'static [&'static str]),
    /// A value does not fit the type.
    Mismatch(Mismatch),
    /// A problem with its path.
    Problem(Box<Problem>),
    /// A problem with a field at the top: with its value, or else with its name.
    Rejected { name: String, problem: Box<Problem>, by_value: bool },
    /// All fields at the top were read, and one is missing.
    Incomplete(Incomplete),
    /// The type of this field at the top refuses the placeholder.
    RefusedPlaceholder(String),
    /// The value can be read in another way. The keys are that of its path, and that of all items of its
    /// list.
    Retry { key: String, pattern: String, reading: Reading },
}

pub(super) struct Incomplete {
    /// The field that is missing.
    pub(super) name: &'static str,
    pub(super) problem: Box<Problem>,
    /// The names that the type declares, in order and with the aliases of a field side by side. Empty if the
    /// type does not declare its names.
    pub(super) declared: &'static [&'static str],
    /// The names of the fields that were read.
    pub(super) read: Vec<String>,
}

impl Abort {
    /// Creates a mismatch described in words of this module, which contain no value.
    pub(super) fn mismatch(what: impl Into<String>) -> Self {
        Self::Mismatch(Mismatch::Known(what.into()))
    }

    /// Creates the mismatch of a type that expects something else, in words of this module.
    pub(super) fn expected(what: impl Into<String>) -> Self {
        Self::Mismatch(Mismatch::Wanted(what.into()))
    }

    /// Creates the mismatch of a type that refuses its input and does not say why.
    pub(super) fn refused() -> Self {
        Self::Mismatch(Mismatch::Refused)
    }

    /// Creates a missing field of which only the name is known.
    fn incomplete(name: &'static str, problem: Problem) -> Self {
        let problem = Box::new(problem);
        Self::Incomplete(Incomplete { name, problem, declared: &[], read: Vec::new() })
    }

    /// Adds the path to a problem. A problem that has a path already, and any other reason, is returned
    /// unchanged.
    pub(super) fn at(self, path: &Path<'_>, input: Input<'_>) -> Self {
        let problem = |kind, what: String| Problem::new(kind, format!("{path}: {what}"));
        let placed = match self {
            Self::Mismatch(mismatch) => {
                let (what, help) = mismatch.into_message(input);
                problem(ErrorKind::Undecodable, what).with_help(help)
            }
            Self::UnknownField(known) => {
                let what = match input {
                    Input::Key(_) => "the type has no such field",
                    _ => "it has a field that the type does not have",
                };
                let help = match known {
                    [] => "the type has no fields".to_owned(),
                    _ => format!("those of the type are {}", list(known)),
                };
                problem(ErrorKind::Undecodable, what.to_owned()).with_help(help)
            }
            Self::MissingField(name) => {
                let message = format!("{}: there is no such field", path.name(name));
                let problem = Problem::new(ErrorKind::KeyNotFound, message);
                if path.is_root() {
                    return Self::incomplete(name, problem);
                }
                problem
            }
            Self::DuplicateField(name) => {
                problem(ErrorKind::Ambiguous, format!("two of its fields are `{name}`"))
            }
            placed => return placed,
        };
        Self::Problem(Box::new(placed))
    }
}

/// Why a value does not fit the type.
pub(super) enum Mismatch {
    /// A description in words of this module.
    Known(String),
    /// What the type expects, in words of this module.
    Wanted(String),
    /// What the type expects, in the type's own words.
    Expected(String),
    /// Another message of the type, which may contain the value.
    Refused,
}

const HELP: &str = "store a value that fits the type, or ask for another type";

/// The message for a type that refuses a value with a message of its own.
pub(super) const REFUSED: &str = "the type's own check refuses the value";

impl Mismatch {
    /// Returns the problem and the help. The type's own words are dropped if they share a word with a value.
    fn into_message(self, input: Input<'_>) -> (String, String) {
        let expected = match self {
            Self::Known(what) => return (what, HELP.to_owned()),
            Self::Wanted(what) => what,
            Self::Expected(what) if !input.values().iter().any(|value| shares(&what, value)) => {
                what
            }
            Self::Expected(_) | Self::Refused => return (REFUSED.to_owned(), HELP.to_owned()),
        };
        // A set of one field is read as its value.
        let input = match input {
            Input::Set([(_, value)]) => Input::Text(value),
            input => input,
        };
        let what = match (input, input.kind()) {
            (Input::Key(_), _) => format!("expected a name that is {expected}"),
            (_, Some(kind)) => format!("expected {expected}, found {kind}"),
            (_, None) => format!("expected {expected}"),
        };
        let help = match input {
            Input::Set(fields) => one_of(fields),
            _ if input.is_binary() => {
                "take it as a `SecretValue`, and read that with `expose_bytes`".to_owned()
            }
            _ => HELP.to_owned(),
        };
        (what, help)
    }
}

/// Returns whether a text may have been made from a value: it contains the value, or the value contains a
/// word of it.
fn shares(text: &str, value: &[u8]) -> bool {
    let within = |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).any(|part| part == needle);
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2);
    (!value.is_empty() && within(text.as_bytes(), value))
        || words.any(|word| within(value, word.as_bytes()))
}

impl de::Error for Abort {
    fn custom<T: Display>(_: T) -> Self {
        Self::Mismatch(Mismatch::Refused)
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Mismatch(Mismatch::Expected(expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Mismatch(Mismatch::Expected(expected.to_string()))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::Mismatch(Mismatch::Expected(expected.to_string()))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        match expected {
            [] => Self::mismatch("expected a variant, and the type has none"),
            [only] => Self::expected(format!("`{only}`")),
            _ => Self::expected(format!("one of {}", list(expected))),
        }
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::UnknownField(expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::MissingField(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::DuplicateField(field)
    }
}

impl Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value is not of the type asked for")
    }
}

impl fmt::Debug for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl std::error::Error for Abort {}

fn list(names: &[&str]) -> String {
    backquoted_list(names.iter().copied())
}
