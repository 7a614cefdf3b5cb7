//! The syntax tree of a declaration, made from JSON text or from the tokens of an attribute. `S` is the position of a
//! node: a byte range in a text, or a span in a program.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// A value and its position.
#[derive(Debug, Clone)]
pub struct Node<S> {
    /// The value.
    pub value: Value<S>,
    /// The position.
    pub at: S,
}

/// A value in the source text. Its `Debug` shows no text, since the text may be a value of an `inline` source.
#[derive(Clone)]
pub enum Value<S> {
    /// A text.
    Text(String),
    /// A path to a `const`, whose text only the compiler knows.
    Constant,
    /// `true` or `false`.
    Bool(bool),
    /// A number, with its value if that is a small whole number and not negative.
    Number(Option<u8>),
    /// `null`.
    Null,
    /// A list.
    List(Vec<Node<S>>),
    /// Fields, in source order.
    Map(Vec<(FieldName<S>, Node<S>)>),
    /// A syntax error that has been reported already.
    Broken,
}

impl<S> Value<S> {
    /// Returns what kind of value this is, for error messages.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Constant => "a constant",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
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

/// The name of a field and its position.
#[derive(Debug, Clone)]
pub struct FieldName<S> {
    /// The name.
    pub text: String,
    /// The position.
    pub at: S,
}

/// A text and its position. The text of a `const` is not known, since only the compiler knows it. `Debug` does not
/// show the text, since it may be a value of an `inline` source.
#[derive(Clone)]
pub struct TextNode<S> {
    /// The text, if it is known.
    pub known: Option<String>,
    /// The position.
    pub at: S,
}

impl<S: Clone> TextNode<S> {
    /// Returns the text of a node; the text is not known unless the node is [`Value::Text`].
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
