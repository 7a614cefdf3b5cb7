//! A declaration as it was written, before it is known to mean anything: what JSON text and an attribute's
//! tokens have in common. `S` says where a node stands: a byte range in a text, a span in a program.

use alloc::{string::String, vec::Vec};
use core::ops::Range;

use crate::{FlawKind, SpecError};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node<S> {
    /// The value.
    pub value: Value<S>,
    /// Where it stands.
    pub at: S,
}

/// A value as it was written.
#[derive(Debug, Clone)]
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

    pub(crate) fn of_error(at: S, error: &SpecError, kind: FlawKind) -> Self {
        Self {
            at,
            message: String::from(error.message()),
            help: error.help().map(String::from),
            is_name: kind.is_name(),
        }
    }
}

impl FlawKind {
    /// Whether what is wrong is the name of a variable, or a path that leads out, rather than a source.
    #[must_use]
    pub const fn is_name(self) -> bool {
        matches!(
            self,
            Self::VariableEmpty
                | Self::VariableCharacter
                | Self::VariableDigit
                | Self::VariableReserved
                | Self::EnvVarShape
                | Self::PathAbsolute
                | Self::PathParent
                | Self::GroupPath
                | Self::KeyPath
        )
    }
}

impl From<Complaint<Range<usize>>> for SpecError {
    fn from(complaint: Complaint<Range<usize>>) -> Self {
        Self::new(complaint.message, complaint.at, complaint.help)
    }
}
