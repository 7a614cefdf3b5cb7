use std::{mem, slice};

use secrets_spec::closest;
use serde::de::{DeserializeSeed, MapAccess, Visitor};

use crate::{
    core::{
        error::{ErrorKind, Problem},
        escape::escape_name,
    },
    payload::{
        de::{
            abort::{Abort, Incomplete},
            container::Container,
            input::{Input, list},
            path::Path,
        },
        json,
    },
};

/// Visits the fields of a secret or a JSON object by name.
///
/// At the top, fields that are known not to fit are left out. After a field was missing, placeholders follow
/// the fields that exist.
pub(super) struct FieldsReader<'a, C> {
    container: C,
    names: FieldNames,
    all: &'a [(&'a str, Input<'a>)],
    left: slice::Iter<'a, (&'a str, Input<'a>)>,
    /// The field whose name was visited last.
    current: Option<(&'a str, Input<'a>)>,
    is_value_next: bool,
}

/// The names of fields, and which of them a message shows.
#[derive(Clone, Copy, Default)]
pub(super) struct FieldNames {
    /// The names that the type declares; empty if it does not declare its names.
    pub(super) declared: &'static [&'static str],
    /// Whether the names that the type does not declare are shown: they are those of a secret's fields, and not
    /// keys inside a value.
    pub(super) are_shown: bool,
}

impl<'a, C: Container> FieldsReader<'a, C> {
    /// Passes the fields to a type.
    pub(super) fn visit<'de, V: Visitor<'de>>(
        container: C,
        all: &'a [(&'a str, Input<'a>)],
        names: FieldNames,
        visitor: V,
    ) -> Result<V::Value, Abort> {
        let is_top = container.path().is_root();
        let diagnostics = container.diagnostics();
        let kept = all.iter().filter(|(name, _)| !is_top || !diagnostics.is_rejected(name));
        // The placeholders come last, so that a placeholder is the duplicate if its field exists under
        // another name.
        let placeholders = diagnostics.placeholders().filter(|_| is_top);
        let handed_out: Vec<_> =
            kept.copied().chain(placeholders.map(|name| (name, Input::Placeholder))).collect();
        let left = handed_out.iter();
        let mut fields =
            FieldsReader { container, names, all, left, current: None, is_value_next: false };
        let is_plain = is_top && diagnostics.is_plain();
        // Types whose fields may all be missing would take none of it without an error.
        if is_plain && !names.declared.is_empty() && !fields.declares_one() {
            return Err(Abort::Problem(fields.plain_value()));
        }
        visitor.visit_map(&mut fields).map_err(|abort| match (abort, fields.current) {
            (Abort::MissingField(_), _) if is_plain => Abort::Problem(fields.plain_value()),
            (Abort::MissingField(name), _) => {
                let problem = fields.missing_field(name);
                if !is_top {
                    return Abort::Problem(problem);
                }
                let read = handed_out.iter().map(|(name, _)| (*name).to_owned()).collect();
                Abort::Incomplete(Incomplete { name, problem, declared: names.declared, read })
            }
            (Abort::DuplicateField(_), Some((name, Input::Placeholder))) => {
                Abort::RefusedPlaceholder(name.to_owned())
            }
            (Abort::DuplicateField(field), Some((name, _))) => {
                let path = fields.path(name);
                let message = format!("{path}: another field is `{field}` already");
                let problem = Problem::new(ErrorKind::Ambiguous, message);
                fields.reject(name, Box::new(problem.with_help("keep one of the two")), false)
            }
            (other, _) => other,
        })
    }

    fn declares_one(&self) -> bool {
        self.all.iter().any(|(name, _)| self.names.declared.contains(name))
    }

    /// Returns the problem of a type with fields that is read from one plain value.
    fn plain_value(&self) -> Box<Problem> {
        let path = self.container.path();
        let message = format!("{path}: expected a set of fields, found one plain value");
        let help = match self.all {
            [(_, Input::Text(value))] if json::is_object(value) => {
                "its text is a JSON object: set options = { json = true } to read its members as fields"
            }
            _ => {
                "store a JSON object and set options = { json = true }, or take the value as a `SecretValue`"
            }
        };
        Box::new(Problem::new(ErrorKind::KeyNotFound, message).with_help(help))
    }

    fn missing_field(&self, missing: &str) -> Box<Problem> {
        let names = || self.all.iter().map(|(name, _)| *name);
        let help = match closest(missing, names()) {
            _ if !self.names.are_shown => {
                "add it to the object in the stored value, or make it an `Option`".to_owned()
            }
            Some(near) => format!("did you mean `{}`? {}", escape_name(near), list(names())),
            None => list(names()),
        };
        let message = format!("{}: there is no such field", self.container.path().name(missing));
        Box::new(Problem::new(ErrorKind::KeyNotFound, message).with_help(help))
    }

    /// Returns the path of a field.
    fn path<'p>(&'p self, name: &'p str) -> Path<'p> {
        match self.names.are_shown || self.names.declared.contains(&name) {
            true => self.container.path().name(name),
            false => self.container.path().hidden(name),
        }
    }

    /// Turns the problem of a field into a reason to run again without that field.
    fn reject(&self, name: &str, problem: Box<Problem>, by_value: bool) -> Abort {
        match self.container.path().is_root() {
            true => Abort::Rejected { name: name.to_owned(), problem, by_value },
            false => Abort::Problem(problem),
        }
    }

    /// Reads the name of a field or its value.
    fn read<'de, S: DeserializeSeed<'de>>(
        &self,
        seed: S,
        (name, value): (&str, Input<'_>),
        part: Input<'_>,
    ) -> Result<S::Value, Abort> {
        let path = self.path(name);
        let read = self.container.read_part(&path, part, |part| seed.deserialize(part));
        read.map_err(|abort| match (abort, value) {
            (_, Input::Placeholder) => Abort::RefusedPlaceholder(name.to_owned()),
            (Abort::Problem(problem), _) => {
                self.reject(name, problem, !matches!(part, Input::Key(_)))
            }
            (other, _) => other,
        })
    }
}

impl<'de, C: Container> MapAccess<'de> for FieldsReader<'_, C> {
    type Error = Abort;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Abort> {
        let Some(&field) = self.left.next() else { return Ok(None) };
        (self.current, self.is_value_next) = (Some(field), true);
        self.read(seed, field, Input::Key(field.0)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Abort> {
        let is_value_next = mem::take(&mut self.is_value_next);
        let field = self.current.filter(|_| is_value_next).ok_or_else(Abort::refused)?;
        self.read(seed, field, field.1)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}
