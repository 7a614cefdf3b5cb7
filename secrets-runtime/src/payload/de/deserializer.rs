use std::iter;

use serde::de::Visitor;

use crate::{
    core::secret_value::SecretValue,
    payload::{
        de::{
            abort::Abort,
            container::{Container, Items, Variant},
            diagnostics::Diagnostics,
            fields::{FieldNames, FieldsReader},
            input::Input,
            path::Path,
            placeholder,
            reading::{self, Reading},
        },
        json::{self, Json, fault::JsonFault, form::Form},
    },
};

/// The `Deserializer` for every kind of input.
#[derive(Clone, Copy)]
pub(super) struct Deserializer<'a> {
    input: Input<'a>,
    path: &'a Path<'a>,
    diagnostics: &'a Diagnostics,
    reading: Reading,
    depth: u16,
}

/// How deeply a type may be nested in itself for one value: some types contain themselves.
const MAX_DEPTH: u16 = 32;

const NO_VALUE: &str = "expected a value, and there is none";

impl<'a> Deserializer<'a> {
    pub(super) fn root(
        diagnostics: &'a Diagnostics,
        path: &'a Path<'a>,
        input: Input<'a>,
        reading: Reading,
    ) -> Self {
        Self { input, path, diagnostics, reading: diagnostics.reading(path, reading), depth: 0 }
    }

    fn with(self, input: Input<'a>) -> Self {
        Self { input, ..self }
    }

    /// Returns the deserializer one level deeper.
    fn deeper(self) -> Result<Self, Abort> {
        if let Input::Placeholder = self.input {
            self.diagnostics.supply.take()?;
        }
        match self.depth < MAX_DEPTH {
            true => Ok(Self { depth: self.depth + 1, ..self }),
            false => Err(Abort::refused()),
        }
    }

    /// Adds the path to an error of serde, or asks for another reading if one is left.
    pub(super) fn place(self, abort: Abort) -> Abort {
        let path = self.path;
        let is_open = path.is_ambiguous() && !self.diagnostics.is_retried(path);
        match abort {
            Abort::Mismatch(_) if is_open => {
                let reading = self.reading.other(matches!(self.input, Input::Set(_)));
                Abort::Retry { key: path.key(), pattern: path.pattern(), reading }
            }
            other => other.at(path, self.input),
        }
    }

    /// Returns the only value of a set that has one; every other input is returned unchanged.
    fn single(self, expected: &str) -> Result<Self, Abort> {
        match self.input {
            Input::Set([(_, value)]) => Ok(self.with(Input::Text(value))),
            Input::Set(_) => Err(Abort::expected(expected)),
            _ => Ok(self),
        }
    }

    fn scalar(self, expected: &str) -> Result<Scalar<'a>, Abort> {
        match self.single(expected)?.input {
            Input::Text(value) | Input::Json(value, _) => match value.expose_str() {
                // It is parsed, or passed to the user's type, which asks for it.
                Ok(text) => Ok(Scalar::Text(text)),
                Err(_) => Err(Abort::expected(expected)),
            },
            Input::Key(name) => Ok(Scalar::Text(name)),
            Input::Placeholder => Ok(Scalar::Placeholder),
            Input::Null => Ok(Scalar::Null),
            Input::Set(_) | Input::Absent => Err(Abort::mismatch(NO_VALUE)),
        }
    }

    /// Visits an input without parts, for a type that asks for parts.
    fn without_parts<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.input {
            Input::Null => visitor.visit_unit(),
            Input::Key(name) => visitor.visit_str(name),
            _ => Err(Abort::mismatch(NO_VALUE)),
        }
    }

    fn list<'de, V: Visitor<'de>>(self, items: &[Json], visitor: V) -> Result<V::Value, Abort> {
        let inputs = items.iter().map(|item| Input::of_json(item, self.reading));
        visitor.visit_seq(Items::new(self, inputs))
    }

    fn object<'de, V: Visitor<'de>>(
        self,
        members: &[(String, Json)],
        declared: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Abort> {
        // In a document the keys are the author's. Everywhere else they are a part of the value.
        let is_document = self.reading == Reading::Json
            && (self.path.is_root() || matches!(self.input, Input::Json(_, Form::Object)));
        let names = FieldNames { declared, are_shown: is_document };
        // A member that is `null` is not a field, in a document either: an `Option` is `None` without it.
        let there = members.iter().filter(|(_, json)| json.form != Form::Null);
        let there = there.map(|(name, json)| (&**name, Input::of_json(json, self.reading)));
        FieldsReader::visit(self, &there.collect::<Vec<_>>(), names, visitor)
    }

    /// Visits a set or an object.
    fn fields<'de, V: Visitor<'de>>(
        self,
        declared: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Abort> {
        match self.input {
            Input::Set(fields) => {
                let fields = fields.iter().map(|(name, value)| (*name, Input::Text(value)));
                let names = FieldNames { declared, are_shown: true };
                FieldsReader::visit(self, &fields.collect::<Vec<_>>(), names, visitor)
            }
            Input::Text(value) | Input::Json(value, _) => match json::object(value) {
                Ok(members) => self.object(&members, declared, visitor),
                Err(fault) => Err(nested("a JSON object", &fault)),
            },
            // By position, since the names include aliases, and both names of one field would be a duplicate.
            Input::Placeholder if !declared.is_empty() => {
                self.placeholders(declared.len(), visitor)
            }
            Input::Placeholder => FieldsReader::visit(self, &[], FieldNames::default(), visitor),
            _ => self.without_parts(visitor),
        }
    }

    /// Visits a list, of this length if the type asks for one.
    fn items<'de, V: Visitor<'de>>(
        self,
        len: Option<usize>,
        visitor: V,
    ) -> Result<V::Value, Abort> {
        let list = self.single("a list")?;
        let (Input::Text(value) | Input::Json(value, _)) = list.input else {
            return match self.input {
                Input::Placeholder => self.placeholders(len.unwrap_or_default(), visitor),
                _ => self.without_parts(visitor),
            };
        };
        match (json::list(value), len) {
            (Ok(items), None) => list.list(&items, visitor),
            (Ok(items), Some(len)) if items.len() == len => list.list(&items, visitor),
            (_, Some(len)) => Err(Abort::expected(format!("a JSON list of {len}"))),
            (Err(fault), None) => Err(nested("a JSON list", &fault)),
        }
    }

    fn placeholders<'de, V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Abort> {
        visitor.visit_seq(Items::new(self, iter::repeat_n(Input::Placeholder, len)))
    }

    /// Visits a value for a type that accepts anything.
    fn any<'de, V: Visitor<'de>>(
        self,
        value: &SecretValue,
        form: Form,
        visitor: V,
    ) -> Result<V::Value, Abort> {
        if form != Form::Text {
            self.path.mark_ambiguous();
        }
        match (self.reading, form) {
            (Reading::Json, Form::Number) => reading::visit_number(value, visitor),
            (Reading::Scalar | Reading::Structured | Reading::Json, Form::Number | Form::Bool) => {
                reading::visit_scalar(value, visitor)
            }
            (Reading::Structured | Reading::Json, Form::Object) => match json::object(value) {
                Ok(members) => self.object(&members, &[], visitor),
                Err(_) => reading::visit_plain(value, visitor),
            },
            (Reading::Structured | Reading::Json, Form::List) => match json::list(value) {
                Ok(items) => self.list(&items, visitor),
                Err(_) => reading::visit_plain(value, visitor),
            },
            _ => reading::visit_plain(value, visitor),
        }
    }
}

/// Returns the error of a value that is not the JSON asked for.
fn nested(expected: &str, fault: &JsonFault) -> Abort {
    Abort::mismatch(format!("expected {expected} ({})", fault.message()))
}

/// The input of a type that asks for a number, a text or another value without parts.
enum Scalar<'a> {
    Text(&'a str),
    Placeholder,
    Null,
}

impl Container for Deserializer<'_> {
    type Part<'a> = Deserializer<'a>;

    fn path(&self) -> &Path<'_> {
        self.path
    }

    fn diagnostics(&self) -> &Diagnostics {
        self.diagnostics
    }

    fn read_part<T>(
        &self,
        path: &Path<'_>,
        input: Input<'_>,
        read: impl FnOnce(Deserializer<'_>) -> Result<T, Abort>,
    ) -> Result<T, Abort> {
        let reading = self.diagnostics.reading(path, self.reading);
        let depth = match input {
            Input::Placeholder => self.depth,
            // JSON has a limit to its depth.
            _ => 0,
        };
        let part = Deserializer { input, path, reading, depth, ..*self }.deeper()?;
        read(part).map_err(|abort| part.place(abort))
    }

    fn read_content<T>(
        &self,
        input: Input<'_>,
        read: impl FnOnce(Deserializer<'_>) -> Result<T, Abort>,
    ) -> Result<T, Abort> {
        read(Deserializer { input, ..*self }.deeper()?)
    }
}

macro_rules! parsed {
    ($($method:ident => $visit:ident($type:ident, $what:expr, $placeholder:expr) $(if $fits:expr)?;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
            match self.scalar($what)? {
                Scalar::Text(text) => match text.parse::<$type>().ok() $(.filter($fits))? {
                    Some(value) => visitor.$visit(value),
                    None => Err(Abort::expected($what)),
                },
                Scalar::Placeholder => visitor.$visit($placeholder),
                Scalar::Null => visitor.visit_unit(),
            }
        }
    )* };
}

macro_rules! forwarded {
    ($($method:ident($($argument:ident: $type:ty),*) => $to:ident($($passed:expr),*);)*) => { $(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, Abort> {
            self.$to($($passed,)* visitor)
        }
    )* };
}

impl<'de> serde::Deserializer<'de> for Deserializer<'_> {
    type Error = Abort;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.input {
            Input::Text(value) => self.any(value, Form::guess(value), visitor),
            Input::Json(value, form) => self.any(value, form, visitor),
            // A set with one field is read as a value first, and as a set if that does not fit.
            Input::Set([(_, value)]) if self.reading == Reading::Plain => {
                self.path.mark_ambiguous();
                self.any(value, Form::guess(value), visitor)
            }
            Input::Set(_) => self.fields(&[], visitor),
            Input::Placeholder => placeholder::visit_text(visitor),
            Input::Key(_) | Input::Null | Input::Absent => self.without_parts(visitor),
        }
    }

    parsed! {
        deserialize_bool => visit_bool(bool, "bool", true);
        deserialize_i8 => visit_i8(i8, "i8", 1);
        deserialize_i16 => visit_i16(i16, "i16", 1);
        deserialize_i32 => visit_i32(i32, "i32", 1);
        deserialize_i64 => visit_i64(i64, "i64", 1);
        deserialize_i128 => visit_i128(i128, "i128", 1);
        deserialize_u8 => visit_u8(u8, "u8", 1);
        deserialize_u16 => visit_u16(u16, "u16", 1);
        deserialize_u32 => visit_u32(u32, "u32", 1);
        deserialize_u64 => visit_u64(u64, "u64", 1);
        deserialize_u128 => visit_u128(u128, "u128", 1);
        deserialize_f32 => visit_f32(f32, "f32", 1.0) if |number| number.is_finite();
        deserialize_f64 => visit_f64(f64, "f64", 1.0) if |number| number.is_finite();
        deserialize_char => visit_char(char, "one character", '1');
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.scalar("text")? {
            Scalar::Text(text) => visitor.visit_str(text),
            Scalar::Placeholder => placeholder::visit_text(visitor),
            Scalar::Null => visitor.visit_unit(),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.single("bytes")?.input {
            // The user's type asks for the bytes.
            Input::Text(value) | Input::Json(value, _) => visitor.visit_bytes(value.expose_bytes()),
            Input::Placeholder => visitor.visit_bytes(b"1"),
            _ => self.without_parts(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.input {
            Input::Absent | Input::Null | Input::Placeholder => visitor.visit_none(),
            _ => visitor.visit_some(self.deeper()?),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.input {
            Input::Text(_) | Input::Json(..) | Input::Key(_) => Err(Abort::expected("no value")),
            _ => visitor.visit_unit(),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Abort> {
        visitor.visit_newtype_struct(self.deeper()?)
    }

    /// A text is a variant without content, and an object with one member is the variant of its name. A
    /// single field that has the name of a variant is that variant, unless its value is the name of one.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Abort> {
        let is_variant = |name: &[u8]| variants.iter().any(|variant| variant.as_bytes() == name);
        if let Input::Set([(name, value)]) = self.input
            // The value is compared with words that are not secret.
            && is_variant(name.as_bytes()) && !is_variant(value.expose_bytes())
        {
            return visitor.visit_enum(Variant::new(self, name, Input::Text(value), true));
        }
        let one = self.single("a variant")?;
        let (Input::Text(value) | Input::Json(value, _)) = one.input else {
            return match self.input {
                Input::Placeholder => {
                    let name = placeholder::variant(variants, self.depth)?;
                    visitor.visit_enum(Variant::new(self, name, Input::Placeholder, true))
                }
                Input::Key(name) => {
                    visitor.visit_enum(Variant::new(self, name, Input::Absent, false))
                }
                _ => self.without_parts(visitor),
            };
        };
        // The value is compared with the names of the variants.
        let Ok(text) = value.expose_str() else {
            return Err(Abort::expected("the name of a variant"));
        };
        match json::object(value).as_deref() {
            Ok([(name, content)]) => {
                let content = Input::of_json(content, one.reading);
                let is_known = is_variant(name.as_bytes());
                visitor.visit_enum(Variant::new(one, name, content, is_known))
            }
            Ok(_) => {
                Err(Abort::mismatch("expected an object with one member, which names the variant"))
            }
            Err(_) => visitor.visit_enum(Variant::new(one, text, Input::Absent, false)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        visitor.visit_unit()
    }

    forwarded! {
        deserialize_seq() => items(None);
        deserialize_tuple(len: usize) => items(Some(len));
        deserialize_tuple_struct(_name: &'static str, len: usize) => items(Some(len));
        deserialize_string() => deserialize_str();
        deserialize_identifier() => deserialize_str();
        deserialize_byte_buf() => deserialize_bytes();
        deserialize_unit_struct(_name: &'static str) => deserialize_unit();
        deserialize_map() => fields(&[]);
        deserialize_struct(_name: &'static str, declared: &'static [&'static str]) => fields(declared);
    }
}
