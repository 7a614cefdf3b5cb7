//! A declaration as it was written, before it is known to mean anything: what JSON text and an attribute's
//! tokens have in common. `S` says where a node stands: a byte range in a text, a span in a program.

use alloc::{string::String, vec::Vec};
use core::fmt;

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
    Map(Vec<(FieldName<S>, Node<S>)>),
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
pub struct FieldName<S> {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub at: S,
}

/// A text, known or only to the compiler. Its `Debug` does not show it, since the values of `inline` are texts.
#[derive(Clone)]
pub struct TextNode<S> {
    /// The text, if it is known.
    pub known: Option<String>,
    /// Where it stands.
    pub at: S,
}

impl<S: Clone> TextNode<S> {
    /// Returns the text of a node; of any other value, a text that is not known.
    pub(crate) fn from_node(node: &Node<S>) -> Self {
        let known = match &node.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        Self { known, at: node.at.clone() }
    }
}

impl<S: fmt::Debug> fmt::Debug for TextNode<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = if self.known.is_some() { "a text" } else { "a constant" };
        f.debug_struct("TextNode")
            .field("known", &format_args!("{known}"))
            .field("at", &self.at)
            .finish()
    }
}
