use crate::payload::{
    de::{
        abort::Abort,
        diagnostics::{Diagnostics, DocumentKind},
        input::Input,
        path::Path,
        reading::Reading,
    },
    json::form::Form,
};

/// Reads an input: the fields of a secret, one of them, or a value inside JSON. It is a `Deserializer`.
#[derive(Clone, Copy)]
pub(super) struct InputReader<'a> {
    pub(super) input: Input<'a>,
    pub(super) path: &'a Path<'a>,
    pub(super) reading: Reading,
    pub(super) diagnostics: &'a Diagnostics,
    pub(super) depth: u16,
}

/// How deeply a type may be nested in itself for one value: some types contain themselves.
const MAX_DEPTH: u16 = 32;

pub(super) const NO_VALUE: &str = "expected a value, and there is none";

impl<'a> InputReader<'a> {
    pub(super) fn root(diagnostics: &'a Diagnostics, path: &'a Path<'a>, input: Input<'a>) -> Self {
        Self { input, path, reading: diagnostics.reading(), diagnostics, depth: 0 }
    }

    pub(super) fn with(self, input: Input<'a>) -> Self {
        Self { input, ..self }
    }

    /// Returns the reader of a part of the input.
    pub(super) fn child<'c>(&'c self, path: &'c Path<'c>, input: Input<'c>) -> InputReader<'c> {
        let depth = match input {
            Input::Placeholder => self.depth,
            // JSON has a limit to its depth.
            _ => 0,
        };
        InputReader { input, path, depth, ..*self }
    }

    /// Reads a type, and adds the path to an error.
    pub(super) fn read<T>(self, read: impl FnOnce(Self) -> Result<T, Abort>) -> Result<T, Abort> {
        self.deeper().and_then(read).map_err(|abort| abort.at(self.path, self.input))
    }

    /// Returns the reader for a type inside the type that is read.
    pub(super) fn deeper(self) -> Result<Self, Abort> {
        let is_placeholder = matches!(self.input, Input::Placeholder);
        let is_left = !is_placeholder || self.diagnostics.take_placeholder();
        match is_left && self.depth < MAX_DEPTH {
            true => Ok(Self { depth: self.depth + 1, ..self }),
            false => Err(Abort::Refused),
        }
    }

    /// Returns the only value of a set that has one; every other input is returned unchanged.
    pub(super) fn single(self, expected: &str) -> Result<Self, Abort> {
        match self.input {
            Input::Set([(_, value)]) => Ok(self.with(Input::Value(value, None))),
            Input::Set(_) => Err(Abort::expected(expected)),
            _ => Ok(self),
        }
    }

    /// Returns the text for a type that is parsed from it.
    pub(super) fn text(self, expected: &str, placeholder: &'a str) -> Result<&'a str, Abort> {
        match self.single(expected)?.input {
            // It is parsed, or passed to the user's type, which asks for it.
            Input::Value(value, _) => value.expose_str().map_err(|_| Abort::expected(expected)),
            Input::Name(name) => Ok(name),
            Input::Placeholder => Ok(placeholder),
            Input::Set(_) | Input::Absent => Err(Abort::Message(NO_VALUE.to_owned())),
        }
    }

    /// Returns whether messages show the names of the fields. The keys of a document are its author's, and those
    /// in a value are a part of the value.
    pub(super) fn shows_names(&self) -> bool {
        match self.input {
            Input::Value(_, form) => {
                let is_own = self.path.is_root() || form == Some(Form::Object);
                is_own && self.diagnostics.kind == DocumentKind::Json
            }
            _ => true,
        }
    }
}
