//! A declaration as it was written, before it is known to mean anything: what JSON text and an attribute's
//! tokens have in common. `S` says where a node stands: a byte range in a text, a span in a program.

use alloc::{string::String, vec::Vec};
use core::{fmt, ops::Range};

use crate::SpecError;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node<S> {
    /// The value.
    pub value: Value<S>,
    /// Where it stands.
    pub at: S,
}

/// A value as it was written. Its `Debug` shows no text, since the values of `inline` are among them.
#[derive(Clone)]
#[non_exhaustive]
pub enum Value<S> {
    /// A text.
    Text(String),
    /// A text that only the compiler knows: a path to a `const`.
    Constant,
    /// `true` or `false`.
    Bool(bool),
    /// A number, which nothing in the grammar takes.
    Number,
    /// `null`.
    Null,
    /// A list.
    List(Vec<Node<S>>),
    /// Names and values, in the order they are written.
    Map(Vec<(Name<S>, Node<S>)>),
    /// Something that was complained about already.
    Broken,
}

impl<S> Value<S> {
    /// What it is, for a person.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Constant => "a constant",
            Self::Bool(_) => "true or false",
            Self::Number => "a number",
            Self::Null => "null",
            Self::List(_) => "a list",
            Self::Map(_) => "a set of fields",
            Self::Broken => "something that cannot be read",
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Value<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "Bool({value})"),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(fields) => {
                f.debug_map().entries(fields.iter().map(|(name, value)| (name, value))).finish()
            }
            other => f.write_str(other.describe()),
        }
    }
}

/// The name of a field and where it stands.
#[derive(Debug, Clone)]
pub struct Name<S> {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub at: S,
}

/// One mistake: where, what, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint<S> {
    /// Where.
    pub at: S,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Whether what is wrong is the name of a variable or a path, rather than the source itself.
    pub is_name: bool,
}

impl<S> Complaint<S> {
    pub(crate) fn new(at: S, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: Some(help.into()), is_name: false }
    }

    pub(crate) fn of_error(at: S, error: &SpecError) -> Self {
        Self {
            at,
            message: String::from(error.message()),
            help: error.help().map(String::from),
            is_name: error.is_name(),
        }
    }
}

impl From<Complaint<Range<usize>>> for SpecError {
    fn from(complaint: Complaint<Range<usize>>) -> Self {
        Self::new(complaint.message, complaint.at, complaint.help).named(complaint.is_name)
    }
}
