use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};
use zeroize::Zeroizing;

use crate::{
    core::{
        error::{ErrorKind, Problem},
        escape::backquoted_list,
    },
    payload::de::{
        input::{Input, SetField},
        path::Path,
    },
};

/// The reason why a run stopped.
///
/// Of serde's errors, only what describes the *type* is kept: the names of fields and variants, and what was
/// expected. What was found instead is dropped, since it may be a value.
///
/// A type may format it, and what the type expects may be made from a value. So neither `Display` nor `Debug`
/// shows more than that there is an error.
pub(super) enum Abort {
    /// A value is not what this module describes in a whole message.
    Message(String),
    /// A value is not what is expected, in words of this module.
    Expected(String),
    /// A value is not what is expected, in words of the type that may contain the value.
    TypeExpected(Zeroizing<String>),
    /// The type refuses a value with a message of its own, which may contain the value.
    Refused,
    MissingField(&'static str),
    DuplicateField(&'static str),
    /// A field's name is not one of these.
    UnknownField(&'static [&'static str]),
    /// A value does not name one of these variants.
    UnknownVariant(&'static [&'static str]),
    /// A problem with its path.
    Problem(Box<Problem>),
    /// A problem with a field at the top, which has this name.
    Field(String, FieldFault),
}

/// What is wrong with a field at the top.
pub(super) enum FieldFault {
    /// Its value does not fit. `is_ambiguous` if it may fit when it is read in another way.
    Value { problem: Box<Problem>, is_ambiguous: bool },
    /// Its name does not fit.
    Name(Box<Problem>),
    /// It is missing. `is_last` if no other declared field can be missing.
    Missing { problem: Box<Problem>, is_last: bool },
    /// Its type refuses the placeholder.
    Placeholder,
}

const HELP: &str = "store a value that fits the type, or ask for another type";
const REFUSED_HELP: &str = "store a value that fits the type; its own message is not shown, since it may contain the value";

/// The message for a type that refuses a value with a message of its own.
pub(super) const REFUSED: &str = "the type refuses the value";

impl Abort {
    /// Creates the mismatch of a type that expects something else, in words of this module.
    pub(super) fn expected(what: impl Into<String>) -> Self {
        Self::Expected(what.into())
    }

    /// Creates the mismatch of a tag, which serde reads with the other fields, and so not at its own path.
    pub(super) fn unknown_tag(variants: &[&str]) -> Self {
        Self::Message(format!("the variant that it names is not {}", list_variants(variants)))
    }

    /// Returns the error of a visitor that has said what it expects. It said that before it saw the value, so the words
    /// contain nothing of it if they are the ones of the error.
    pub(super) fn confirm(self, expected: &str) -> Self {
        match self {
            Self::TypeExpected(what) if *what == expected => Self::expected(expected),
            other => other,
        }
    }

    /// Adds the path. A problem that has a path already is returned unchanged.
    pub(super) fn at(self, path: &Path<'_>, input: Input<'_>) -> Self {
        let is_name = matches!(input, Input::Name(_));
        let (kind, what, help) = match self {
            Self::Problem(_) | Self::Field(..) => return self,
            Self::MissingField(name) => {
                let message = format!("{}: there is no such field", Path::Name(path, name));
                let problem = Box::new(Problem::new(ErrorKind::KeyNotFound, message));
                return match path.is_root() {
                    true => {
                        Self::Field(name.into(), FieldFault::Missing { problem, is_last: false })
                    }
                    false => Self::Problem(problem),
                };
            }
            Self::DuplicateField(name) => {
                let what = format!("two of its fields are `{name}`");
                (ErrorKind::Ambiguous, what, "keep one of the two".to_owned())
            }
            Self::UnknownField(known) => {
                let what = match is_name {
                    true => "the type has no such field",
                    false => "it has a field that the type does not have",
                };
                let help = match known {
                    [] => "the type has no fields".to_owned(),
                    _ => format!("those of the type are {}", names(known)),
                };
                (ErrorKind::Undecodable, what.to_owned(), help)
            }
            Self::Expected(what) => mismatch(&what, input),
            Self::UnknownVariant([]) => {
                let what = "expected a variant, and the type has none";
                (ErrorKind::Undecodable, what.to_owned(), HELP.to_owned())
            }
            Self::UnknownVariant(variants) if matches!(input, Input::Set(_)) => {
                return Self::unknown_tag(variants).at(path, input);
            }
            Self::UnknownVariant(variants) => mismatch(&list_variants(variants), input),
            Self::Message(what) => (ErrorKind::Undecodable, what, HELP.to_owned()),
            Self::TypeExpected(_) | Self::Refused => {
                (ErrorKind::Undecodable, REFUSED.to_owned(), REFUSED_HELP.to_owned())
            }
        };
        Self::Problem(Box::new(Problem::new(kind, format!("{path}: {what}")).with_help(help)))
    }
}

fn mismatch(expected: &str, input: Input<'_>) -> (ErrorKind, String, String) {
    // A set of one field is read as its value.
    let input = match input {
        Input::Set([(_, value, form)]) => Input::Value(value, *form),
        input => input,
    };
    let what = match (input, input.kind()) {
        (Input::Name(_), _) => format!("expected a name that is {expected}"),
        // The type is one of numbers, such as `u16`.
        (_, Some(kind))
            if kind == "a number" && expected.ends_with(|it: char| it.is_ascii_digit()) =>
        {
            format!("expected {expected}, found a number that does not fit")
        }
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
    (ErrorKind::Undecodable, what, help)
}

/// Returns the help for a type that is read from one value, and got a set.
fn one_of(fields: &[SetField<'_>]) -> String {
    let names = list_fields(fields.iter().map(|(name, ..)| *name));
    let Some((name, ..)) = fields.first() else { return names };
    format!(
        "name one of them as the `key`, such as key = {name:?}, or take all of them as a struct or a map: {names}"
    )
}

/// Lists the names of the fields for a help line.
pub(super) fn list_fields<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    match names.len() {
        0 => "it has no fields".to_owned(),
        _ => format!("its fields are {}", backquoted_list(names)),
    }
}

impl de::Error for Abort {
    fn custom<T: Display>(_: T) -> Self {
        Self::Refused
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::TypeExpected(expected.to_string().into())
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::TypeExpected(expected.to_string().into())
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::TypeExpected(expected.to_string().into())
    }

    fn unknown_variant(_: &str, variants: &'static [&'static str]) -> Self {
        Self::UnknownVariant(variants)
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownField(known)
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

/// Lists the names of variants, one of which is expected.
fn list_variants(variants: &[&str]) -> String {
    match variants {
        [only] => format!("`{only}`"),
        _ => format!("one of {}", names(variants)),
    }
}

fn names(names: &[&str]) -> String {
    backquoted_list(names.iter().copied())
}
