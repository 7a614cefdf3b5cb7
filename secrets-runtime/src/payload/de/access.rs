use std::slice;

use secrets_spec::closest;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess};

use crate::{
    core::{
        error::{ErrorKind, Problem},
        escape::escape_name,
    },
    payload::de::{
        abort::{Abort, FieldFault},
        diagnostics::Treatment,
        input::{Input, list},
        input_reader::InputReader,
        path::Path,
    },
};

/// Visits the items of a list.
pub(super) struct Items<'a, I> {
    list: InputReader<'a>,
    inputs: I,
    next: usize,
}

impl<'a, I: ExactSizeIterator<Item = Input<'a>>> Items<'a, I> {
    pub(super) fn new(list: InputReader<'a>, inputs: I) -> Self {
        Self { list, inputs, next: 0 }
    }
}

impl<'a, 'de, I: ExactSizeIterator<Item = Input<'a>>> SeqAccess<'de> for Items<'a, I> {
    type Error = Abort;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Abort> {
        let Some(input) = self.inputs.next() else { return Ok(None) };
        let path = Path::Index(self.list.path, self.next);
        self.next += 1;
        self.list.child(&path, input).read(|item| seed.deserialize(item)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.inputs.len())
    }
}

/// Visits the fields of a secret or a JSON object by name.
///
/// At the top, fields that are known not to fit are left out. After a field was missing, placeholders follow
/// the fields that exist.
pub(super) struct FieldsReader<'a> {
    set: InputReader<'a>,
    /// The names that the type declares; empty if it does not declare its names.
    declared: &'static [&'static str],
    all: &'a [(&'a str, Input<'a>)],
    left: slice::Iter<'a, (&'a str, Input<'a>)>,
    /// The field whose name was visited last.
    current: Option<(&'a str, Input<'a>)>,
    /// The value of that field, until it is visited.
    value: Option<Input<'a>>,
}

impl FieldsReader<'_> {
    /// Reads a type from the fields of a set or an object.
    pub(super) fn read<T>(
        set: InputReader<'_>,
        all: &[(&str, Input<'_>)],
        declared: &'static [&'static str],
        read: impl FnOnce(&mut FieldsReader<'_>) -> Result<T, Abort>,
    ) -> Result<T, Abort> {
        let (is_top, diagnostics) = (set.path.is_root(), set.diagnostics);
        let is_kept = |name| matches!(diagnostics.treatment(name), None | Some(Treatment::Reread));
        let kept = all.iter().copied().filter(|(name, _)| !is_top || is_kept(name));
        // The placeholders come last, so that a placeholder is the duplicate if its field exists under another
        // name.
        let replaced = diagnostics.replaced().filter(|_| is_top);
        let offered: Vec<_> = kept.chain(replaced.map(|name| (name, Input::Placeholder))).collect();
        let left = offered.iter();
        let mut fields = FieldsReader { set, declared, all, left, current: None, value: None };
        read(&mut fields).map_err(|abort| match (abort, fields.current) {
            (Abort::MissingField(name), _) if is_top => {
                let problem = fields.missing_field(name);
                let is_known = |name: &&str| {
                    let is_treated = diagnostics.treatment(name).is_some();
                    is_treated || offered.iter().any(|(offered, _)| offered == name)
                };
                let is_last = !declared.is_empty() && declared.iter().all(is_known);
                Abort::Field(name.to_owned(), FieldFault::Missing { problem, is_last })
            }
            (Abort::MissingField(name), _) => Abort::Problem(fields.missing_field(name)),
            (Abort::DuplicateField(field), Some((name, _))) => {
                let message = format!("{}: another field is `{field}` already", fields.path(name));
                let problem = Problem::new(ErrorKind::Ambiguous, message);
                fields.fault(Box::new(problem.with_help("keep one of the two")), FieldFault::Name)
            }
            (other, _) => other,
        })
    }

    fn missing_field(&self, missing: &str) -> Box<Problem> {
        let names = || self.all.iter().map(|(name, _)| *name);
        let help = match closest(missing, names()) {
            _ if !self.set.shows_names() => {
                "add it to the object in the stored value, or make it an `Option`".to_owned()
            }
            Some(near) => format!("did you mean `{}`? {}", escape_name(near), list(names())),
            None => list(names()),
        };
        let message = format!("{}: there is no such field", Path::Name(self.set.path, missing));
        Box::new(Problem::new(ErrorKind::KeyNotFound, message).with_help(help))
    }

    /// Returns the path of a field.
    fn path<'p>(&'p self, name: &'p str) -> Path<'p> {
        match self.set.shows_names() || self.declared.contains(&name) {
            true => Path::Name(self.set.path, name),
            false => Path::HiddenKey(self.set.path),
        }
    }

    /// Turns a problem with the current field into a reason to run again, if the field is at the top.
    fn fault(&self, problem: Box<Problem>, fault: fn(Box<Problem>) -> FieldFault) -> Abort {
        match self.current.filter(|_| self.set.path.is_root()) {
            None => Abort::Problem(problem),
            Some((name, Input::Placeholder)) => {
                Abort::Field(name.to_owned(), FieldFault::Placeholder)
            }
            Some((name, _)) => Abort::Field(name.to_owned(), fault(problem)),
        }
    }

    /// Reads the name of a field or its value.
    fn read_part<'de, S: DeserializeSeed<'de>>(
        &self,
        seed: S,
        name: &str,
        input: Input<'_>,
        fault: fn(Box<Problem>) -> FieldFault,
    ) -> Result<S::Value, Abort> {
        let diagnostics = self.set.diagnostics;
        let path = self.path(name);
        let mut part = self.set.child(&path, input);
        if self.set.path.is_root() && diagnostics.treatment(name) == Some(Treatment::Reread) {
            part.reading = diagnostics.other_reading();
        }
        // A field that fails is read again only if it is ambiguous itself.
        let was_ambiguous = diagnostics.is_ambiguous.take();
        match part.read(|part| seed.deserialize(part)) {
            Err(Abort::Problem(problem)) => Err(self.fault(problem, fault)),
            built => {
                diagnostics.is_ambiguous.set(was_ambiguous || diagnostics.is_ambiguous.get());
                built
            }
        }
    }
}

impl<'de> MapAccess<'de> for FieldsReader<'_> {
    type Error = Abort;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Abort> {
        self.current = self.left.next().copied();
        let Some((name, value)) = self.current else { return Ok(None) };
        self.value = Some(value);
        self.read_part(seed, name, Input::Name(name), FieldFault::Name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Abort> {
        match (self.current, self.value.take()) {
            (Some((name, _)), Some(value)) => self.read_part(seed, name, value, FieldFault::Value),
            _ => Err(Abort::Refused),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}
