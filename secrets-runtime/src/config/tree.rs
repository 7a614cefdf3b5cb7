use std::ops::Range;

use serde_json::Value;

use crate::core::{
    error::{Error, ErrorKind, Problem},
    line_column::LineColumn,
    secret_value::SecretValue,
};

/// A configuration of any format, or a part of one, with its position in bytes.
pub(super) struct Tree {
    pub kind: NodeKind,
    pub at: Range<usize>,
}

/// The size of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub values: usize,
    /// The bytes of its names and texts.
    pub bytes: usize,
    /// The number of lists and maps around its deepest value.
    pub depth: usize,
}

pub(super) enum NodeKind {
    Null,
    Bool(bool),
    /// A number, written as in JSON.
    Number(String),
    Text(String),
    /// A text whose references were filled in.
    Filled(SecretValue),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Size {
    /// Adds the size of a tree that is nested in this one.
    fn hold(&mut self, inner: &Self) {
        self.values += inner.values;
        self.bytes += inner.bytes;
        self.depth = self.depth.max(inner.depth + 1);
    }
}

impl Tree {
    /// Returns the tree of a JSON value, which has no positions.
    pub(super) fn of_value(value: &Value) -> Self {
        let kind = match value {
            Value::Null => NodeKind::Null,
            Value::Bool(value) => NodeKind::Bool(*value),
            Value::Number(number) => NodeKind::Number(number.to_string()),
            Value::String(text) => NodeKind::Text(text.clone()),
            Value::Array(items) => NodeKind::List(items.iter().map(Self::of_value).collect()),
            Value::Object(members) => {
                let member =
                    |(name, value): (&String, &Value)| (name.clone(), Self::of_value(value));
                NodeKind::Map(members.iter().map(member).collect())
            }
        };
        Self { kind, at: 0..0 }
    }

    /// Copies the tree, for an alias.
    pub(super) fn copy(&self) -> Self {
        let kind = match &self.kind {
            NodeKind::Null => NodeKind::Null,
            NodeKind::Bool(value) => NodeKind::Bool(*value),
            NodeKind::Number(number) => NodeKind::Number(number.clone()),
            NodeKind::Text(text) => NodeKind::Text(text.clone()),
            NodeKind::Filled(value) => NodeKind::Filled(value.clone()),
            NodeKind::List(items) => NodeKind::List(items.iter().map(Self::copy).collect()),
            NodeKind::Map(members) => NodeKind::Map(
                members.iter().map(|(name, tree)| (name.clone(), tree.copy())).collect(),
            ),
        };
        Self { kind, at: self.at.clone() }
    }

    /// Returns the size of a copy.
    pub(super) fn size(&self) -> Size {
        let mut size = Size { values: 1, bytes: 0, depth: 0 };
        match &self.kind {
            NodeKind::Null | NodeKind::Bool(_) => {}
            NodeKind::Number(text) | NodeKind::Text(text) => size.bytes = text.len(),
            // A filled-in value is shared, not copied.
            NodeKind::Filled(_) => {}
            NodeKind::List(items) => items.iter().for_each(|item| size.hold(&item.size())),
            NodeKind::Map(members) => {
                for (name, tree) in members {
                    size.bytes += name.len();
                    size.hold(&tree.size());
                }
            }
        }
        size
    }

    /// Writes filled-in values back into the JSON value from which this tree was read.
    pub(super) fn write_to(&self, value: &mut Value) -> Result<(), Error> {
        match (&self.kind, value) {
            // The caller asked for the value as plain text.
            (NodeKind::Filled(filled), value) => {
                *value = Value::String(filled.expose_str()?.to_owned())
            }
            (NodeKind::List(trees), Value::Array(items)) => {
                for (tree, item) in trees.iter().zip(items) {
                    tree.write_to(item)?;
                }
            }
            (NodeKind::Map(trees), Value::Object(members)) => {
                for (name, tree) in trees {
                    if let Some(member) = members.get_mut(name) {
                        tree.write_to(member)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns the error of a configuration that cannot be read at a position. `message` must not quote the text.
pub(super) fn unreadable(at: LineColumn, message: &str, help: &str) -> Error {
    let problem = Problem::new(ErrorKind::Undecodable, format!("{at}: {message}"));
    Error::from_problems(vec![problem.with_origin("the configuration").with_help(help)])
}

/// Returns the members of a map, or an error for a key that occurs twice. `place` converts the position of a key.
pub(super) fn members<P>(
    read: Vec<(String, P, Tree)>,
    place: impl Fn(P) -> LineColumn,
) -> Result<NodeKind, Error> {
    let mut members: Vec<(String, Tree)> = Vec::with_capacity(read.len());
    let mut seen = std::collections::HashSet::new();
    for (name, at, tree) in read {
        if !seen.insert(name.clone()) {
            let message =
                format!("the key `{}` is there twice", crate::core::escape::escape_name(&name));
            return Err(unreadable(place(at), &message, "keep one of them"));
        }
        members.push((name, tree));
    }
    Ok(NodeKind::Map(members))
}
