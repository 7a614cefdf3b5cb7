use std::slice;

use secrets_spec::closest;
use serde::{
    Deserializer as _,
    de::{DeserializeSeed, EnumAccess, MapAccess, VariantAccess, Visitor},
};

use crate::{
    core::{
        error::{ErrorKind, Problem},
        escape::escape_name,
    },
    payload::de::{
        abort::{Abort, FieldFault, list_fields},
        diagnostics::Treatment,
        input::Input,
        input_reader::InputReader,
        path::Path,
    },
};

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

const BUFFERED: &str = "the type refuses it: a flattened field, or one of a variant, does not fit";

impl FieldsReader<'_> {
    /// Reads a type from the fields of a set or an object.
    pub(super) fn read<T>(
        set: InputReader<'_>,
        all: &[(&str, Input<'_>)],
        declared: &'static [&'static str],
        read: impl FnOnce(&mut FieldsReader<'_>) -> Result<T, Abort>,
    ) -> Result<T, Abort> {
        let (is_top, diagnostics) = (set.path.is_root(), set.diagnostics);
        let is_kept =
            |name| matches!(diagnostics.treatment(name), None | Some(Treatment::ReadAgain(_)));
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
            (Abort::UnknownVariant(variants), _) if !all.is_empty() && fields.left.len() == 0 => {
                Abort::unknown_tag(variants)
            }
            // serde buffers what it flattens, and the fields of some enums, and reads them after all fields.
            (Abort::Refused | Abort::TypeExpected(_), _)
                if !all.is_empty() && fields.left.len() == 0 =>
            {
                Abort::Message(BUFFERED.to_owned())
            }
            (other, _) => other,
        })
    }

    fn missing_field(&self, missing: &str) -> Box<Problem> {
        let names = || self.all.iter().map(|(name, _)| *name);
        let near = || closest(missing, names()).map(escape_name);
        let help = match self.set.shows_names().then(near) {
            None => "add it to the object in the stored value, or make it an `Option`".to_owned(),
            Some(Some(near)) => format!("did you mean `{near}`? {}", list_fields(names())),
            Some(None) => list_fields(names()),
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
    fn fault(
        &self,
        problem: Box<Problem>,
        fault: impl FnOnce(Box<Problem>) -> FieldFault,
    ) -> Abort {
        match self.current.filter(|_| self.set.path.is_root()) {
            None => Abort::Problem(problem),
            Some((name, Input::Placeholder)) => {
                Abort::Field(name.to_owned(), FieldFault::Placeholder)
            }
            Some((name, _)) => Abort::Field(name.to_owned(), fault(problem)),
        }
    }

    fn read_name<T>(
        &self,
        name: &str,
        read: impl FnOnce(InputReader<'_>) -> Result<T, Abort>,
    ) -> Result<T, Abort> {
        let path = self.path(name);
        self.set.child(&path, Input::Name(name)).read(read).map_err(|abort| match abort {
            Abort::Problem(problem) => self.fault(problem, FieldFault::Name),
            other => other,
        })
    }

    /// Reads the value of the field whose name was visited last, once.
    fn read_value<T>(
        &mut self,
        read: impl FnOnce(InputReader<'_>) -> Result<T, Abort>,
    ) -> Result<T, Abort> {
        let (Some((name, _)), Some(value)) = (self.current, self.value.take()) else {
            return Err(Abort::Refused);
        };
        let diagnostics = self.set.diagnostics;
        let path = self.path(name);
        let mut reader = self.set.child(&path, value);
        if self.set.path.is_root()
            && let Some(Treatment::ReadAgain(attempt)) = diagnostics.treatment(name)
        {
            reader.mode = diagnostics.field_mode(attempt);
        }
        // A field that fails is read again only if it is ambiguous itself.
        let was_ambiguous = diagnostics.is_ambiguous.take();
        let built = reader.read(read);
        let is_ambiguous = diagnostics.is_ambiguous.get();
        diagnostics.is_ambiguous.set(was_ambiguous || is_ambiguous);
        built.map_err(|abort| match abort {
            Abort::Problem(problem) => {
                self.fault(problem, |problem| FieldFault::Value { problem, is_ambiguous })
            }
            other => other,
        })
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
        self.read_name(name, |name| seed.deserialize(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Abort> {
        self.read_value(|value| seed.deserialize(value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

/// The name of the only field is that of a variant, and its value is what the variant contains.
impl<'de> EnumAccess<'de> for &mut FieldsReader<'_> {
    type Error = Abort;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Abort> {
        let name = self.next_key_seed(seed)?;
        Ok((name.ok_or(Abort::Refused)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut FieldsReader<'_> {
    type Error = Abort;

    fn unit_variant(self) -> Result<(), Abort> {
        self.next_value()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Abort> {
        self.next_value_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Abort> {
        self.read_value(|value| value.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Abort> {
        self.read_value(|value| value.deserialize_struct("", fields, visitor))
    }
}
