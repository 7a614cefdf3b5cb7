use std::fmt::Write as _;

use serde::de::{Expected, Visitor};

use crate::payload::{
    de::{
        abort::Abort,
        diagnostics::{Diagnostics, DocumentKind},
        input::Input,
        path::Path,
        read_mode::ReadMode,
    },
    json::{self, form::Form},
};

/// Reads an input: the fields of a secret, one of them, or a value inside JSON. It is a `Deserializer`.
#[derive(Clone, Copy)]
pub(super) struct InputReader<'a> {
    pub(super) input: Input<'a>,
    pub(super) path: &'a Path<'a>,
    pub(super) mode: ReadMode,
    pub(super) diagnostics: &'a Diagnostics,
    /// Whether the keys of an object here are those of a document's author. All others are a part of a value.
    is_document: bool,
    /// How many parts the input is inside of.
    pub(super) depth: u16,
    /// How many types around this one are read from the same input.
    wrappers: u16,
}

/// As deep as JSON may be nested, and the root. JSON in a string of JSON counts as deeper.
const MAX_DEPTH: u16 = json::MAX_DEPTH as u16 + 1;

/// Some types contain themselves.
const MAX_WRAPPERS: u16 = 32;

pub(super) const NO_VALUE: &str = "expected a value, and there is none";

impl<'a> InputReader<'a> {
    pub(super) fn root(diagnostics: &'a Diagnostics, path: &'a Path<'a>, input: Input<'a>) -> Self {
        let (mode, is_document) = (diagnostics.mode(), diagnostics.kind == DocumentKind::Json);
        Self { input, path, mode, diagnostics, is_document, depth: 0, wrappers: 0 }
    }

    pub(super) fn with(self, input: Input<'a>) -> Self {
        Self { input, ..self }
    }

    /// Returns the reader of a part of the input.
    pub(super) fn child<'c>(&'c self, path: &'c Path<'c>, input: Input<'c>) -> InputReader<'c> {
        // A string of a document may be JSON that is filled in.
        let is_text = matches!(input, Input::Value(_, None | Some(Form::Text)));
        let is_document = self.is_document && !is_text;
        InputReader { input, path, is_document, depth: self.depth + 1, wrappers: 0, ..*self }
    }

    /// Reads a type, and adds the path to an error.
    pub(super) fn read<T>(self, read: impl FnOnce(Self) -> Result<T, Abort>) -> Result<T, Abort> {
        self.wrapped().and_then(read).map_err(|abort| abort.at(self.path, self.input))
    }

    /// Returns the reader for a type inside the type that is read.
    pub(super) fn wrapped(self) -> Result<Self, Abort> {
        let is_placeholder = matches!(self.input, Input::Placeholder);
        let is_left = !is_placeholder || self.diagnostics.take_placeholder();
        match is_left && self.depth <= MAX_DEPTH && self.wrappers < MAX_WRAPPERS {
            true => Ok(Self { wrappers: self.wrappers + 1, ..self }),
            false => Err(Abort::Refused),
        }
    }

    /// Passes the input to a visitor.
    pub(super) fn visit<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        visit: impl FnOnce(Self, V) -> Result<V::Value, Abort>,
    ) -> Result<V::Value, Abort> {
        let mut expected = String::new();
        if self.diagnostics.asks_visitors {
            // What is written so far is compared, if it fails.
            let _ = write!(expected, "{}", &visitor as &dyn Expected);
        }
        visit(self, visitor).map_err(|abort| abort.confirm(&expected))
    }

    /// Returns the only value of a set that has one; every other input is returned unchanged.
    pub(super) fn single(self, expected: &str) -> Result<Self, Abort> {
        match self.input {
            Input::Set([(_, value, form)]) => Ok(self.with(Input::Value(value, *form))),
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
            Input::Set(_) | Input::Null | Input::Absent => Err(Abort::Message(NO_VALUE.to_owned())),
        }
    }

    /// Returns whether messages show the names of the fields.
    pub(super) fn shows_names(&self) -> bool {
        self.is_document || !matches!(self.input, Input::Value(..))
    }
}
