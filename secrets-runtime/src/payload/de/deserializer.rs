//! The `Deserializer` for every kind of input.

use std::iter;

use serde::{
    Deserializer,
    de::{IntoDeserializer, Visitor},
};

use crate::{
    core::{
        error::{ErrorKind, Problem},
        secret_value::SecretValue,
    },
    payload::{
        de::{
            abort::Abort,
            diagnostics::DocumentKind,
            fields_reader::FieldsReader,
            input::Input,
            input_reader::{InputReader, NO_VALUE},
            items::Items,
            placeholder::visit_placeholder,
            read_mode::{Scalars, keeps_text, visit_scalar, visit_text},
        },
        json::{self, fault::JsonFault, form::Form},
    },
};

impl InputReader<'_> {
    /// Visits an input without parts, for a type that asks for parts.
    fn without_parts<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.input {
            Input::Null => visitor.visit_unit(),
            Input::Name(name) => visitor.visit_str(name),
            _ => Err(Abort::Message(NO_VALUE.to_owned())),
        }
    }

    fn placeholders<'de, V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Abort> {
        visitor.visit_seq(Items::new(self, iter::repeat_n(Input::Placeholder, len)))
    }

    /// Visits a set or an object.
    fn fields<'de, V: Visitor<'de>>(
        self,
        declared: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Abort> {
        match self.input {
            // Types whose fields may all be missing would take none of a plain value without an error.
            Input::Set([(name, value, _)])
                if self.diagnostics.kind == DocumentKind::Plain
                    && !declared.is_empty()
                    && !declared.contains(name) =>
            {
                Err(self.plain_value(value))
            }
            Input::Set(fields) => {
                FieldsReader::read(self, &Input::of_fields(fields), declared, |set| {
                    visitor.visit_map(set)
                })
            }
            Input::Value(value, _) => match json::members(value) {
                // A member that is `null` is not a field: an `Option` is `None` without it.
                Ok(members) => {
                    FieldsReader::read(self, &Input::of_members(&members), declared, |set| {
                        visitor.visit_map(set)
                    })
                }
                Err(fault) => Err(nested("a JSON object", &fault)),
            },
            // By position, since the names include aliases, and both names of one field would be a duplicate.
            Input::Placeholder if !declared.is_empty() => {
                self.placeholders(declared.len(), visitor)
            }
            Input::Placeholder => FieldsReader::read(self, &[], &[], |set| visitor.visit_map(set)),
            _ => self.without_parts(visitor),
        }
    }

    /// Creates the error of a type with fields that is read from one plain value.
    fn plain_value(self, value: &SecretValue) -> Abort {
        let message = format!("{}: expected a set of fields, found one plain value", self.path);
        let help = match json::is_object(value) {
            true => {
                "its text is a JSON object: set options = { json = true } to read its members as fields"
            }
            false => {
                "store a JSON object and set options = { json = true }, or take the value as a `SecretValue`"
            }
        };
        Abort::Problem(Box::new(Problem::new(ErrorKind::KeyNotFound, message).with_help(help)))
    }

    /// Visits a list, of this length if the type asks for one.
    fn items<'de, V: Visitor<'de>>(
        self,
        len: Option<usize>,
        visitor: V,
    ) -> Result<V::Value, Abort> {
        let list = self.single("a list")?;
        match list.input {
            Input::Value(value, _) => match (json::list(value), len) {
                (Err(fault), _) => Err(nested("a JSON list", &fault)),
                (Ok(items), Some(len)) if items.len() != len => {
                    Err(Abort::expected(format!("a JSON list of {len}")))
                }
                (Ok(items), _) => {
                    visitor.visit_seq(Items::new(list, items.iter().map(Input::of_json)))
                }
            },
            Input::Placeholder => self.placeholders(len.unwrap_or_default(), visitor),
            _ => self.without_parts(visitor),
        }
    }

    /// Visits a value for a type that accepts anything.
    fn any_value<'de, V: Visitor<'de>>(
        self,
        value: &SecretValue,
        form: Option<Form>,
        visitor: V,
    ) -> Result<V::Value, Abort> {
        let part = self.with(Input::Value(value, form));
        let guess = Form::guess(value);
        let is_text = guess == Form::Text && form.is_none_or(|form| form == Form::Text);
        if keeps_text::<V>() || is_text {
            return visit_text(value, visitor);
        }
        self.diagnostics.is_ambiguous.set(true);
        let is_scalar = matches!(guess, Form::Number | Form::Bool);
        let form = match (self.mode.scalars, form) {
            (Scalars::Guessed, Some(Form::Text)) if is_scalar => guess,
            (_, form) => form.unwrap_or(guess),
        };
        // In a secret, a number that is buffered for a text is not to change.
        let is_exact = self.diagnostics.kind != DocumentKind::Json || form != Form::Number;
        match form {
            Form::Object if self.mode.has_parts && json::is_object(value) => {
                part.fields(&[], visitor)
            }
            Form::List if self.mode.has_parts && json::list(value).is_ok() => {
                part.items(None, visitor)
            }
            Form::Number | Form::Bool if self.mode.scalars != Scalars::Texts => {
                visit_scalar(value, is_exact, visitor)
            }
            _ => visit_text(value, visitor),
        }
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.input {
            Input::Value(value, form) => self.any_value(value, form, visitor),
            // A set with one field is read as its value first, and as a set if that does not fit.
            Input::Set([(_, value, form)]) if self.mode.scalars != Scalars::Guessed => {
                self.diagnostics.is_ambiguous.set(true);
                self.any_value(value, *form, visitor)
            }
            Input::Set(_) => self.fields(&[], visitor),
            Input::Placeholder => visit_placeholder(visitor),
            Input::Name(_) | Input::Null | Input::Absent => self.without_parts(visitor),
        }
    }

    fn str<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.input {
            Input::Placeholder => visit_placeholder(visitor),
            _ => visitor.visit_str(self.text("text", "")?),
        }
    }

    fn bytes<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.single("bytes")?.input {
            // The user's type asks for the bytes.
            Input::Value(value, _) => visitor.visit_bytes(value.expose_bytes()),
            Input::Placeholder => visitor.visit_bytes(b"1"),
            _ => self.without_parts(visitor),
        }
    }

    fn option<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.input {
            Input::Absent | Input::Null | Input::Placeholder => visitor.visit_none(),
            _ => visitor.visit_some(self.wrapped()?),
        }
    }

    fn unit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        match self.input {
            Input::Value(..) | Input::Name(_) => Err(Abort::expected("no value")),
            _ => visitor.visit_unit(),
        }
    }

    fn newtype<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        visitor.visit_newtype_struct(self.wrapped()?)
    }

    fn ignored<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
        visitor.visit_unit()
    }

    /// A text is a variant without content, and an object with one member is the variant of its name. A
    /// single field that has the name of a variant is that variant, unless its value is the name of one.
    fn variant<'de, V: Visitor<'de>>(
        self,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Abort> {
        let is_variant = |name: &[u8]| variants.iter().any(|variant| variant.as_bytes() == name);
        if let Input::Set(field @ [(name, value, _)]) = self.input
            // The value is compared with words that are not secret.
            && is_variant(name.as_bytes()) && !is_variant(value.expose_bytes())
        {
            return FieldsReader::read(self, &Input::of_fields(field), variants, |set| {
                visitor.visit_enum(set)
            });
        }
        let part = self.single("a variant")?;
        match part.input {
            Input::Value(value, _) => match json::object(value) {
                Ok(members) if members.len() == 1 => {
                    FieldsReader::read(part, &Input::of_members(&members), variants, |set| {
                        visitor.visit_enum(set)
                    })
                }
                Ok(_) => {
                    let what = "expected an object with one member, which names the variant";
                    Err(Abort::Message(what.to_owned()))
                }
                Err(_) => {
                    let name = part.text("the name of a variant", "")?;
                    let variant = visitor.visit_enum(name.into_deserializer());
                    variant.map_err(|abort: Abort| match abort {
                        Abort::TypeExpected(_) => Abort::expected("an object with the variant"),
                        other => other,
                    })
                }
            },
            Input::Placeholder => {
                // Another one at each depth, since a variant may contain the enum itself: a variant with several
                // parts contains them two levels deeper.
                let index = usize::from(self.depth / 2).checked_rem(variants.len());
                let name = variants[index.ok_or(Abort::Refused)?];
                FieldsReader::read(self, &[(name, Input::Placeholder)], variants, |set| {
                    visitor.visit_enum(set)
                })
            }
            Input::Name(name) => visitor.visit_enum(name.into_deserializer()),
            _ => self.without_parts(visitor),
        }
    }
}

/// Returns the error of a value that is not the JSON asked for.
fn nested(expected: &str, fault: &JsonFault) -> Abort {
    Abort::Message(format!("expected {expected} ({})", fault.message()))
}

macro_rules! parsed {
    ($($method:ident => $visit:ident($type:ty, $what:literal, $placeholder:literal) $(if $fits:expr)?;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Abort> {
            self.visit(visitor, |reader, visitor| {
                match reader.text($what, $placeholder)?.parse::<$type>().ok() $(.filter($fits))? {
                    Some(value) => visitor.$visit(value),
                    None => Err(Abort::expected($what)),
                }
            })
        }
    )* };
}

macro_rules! forwarded {
    ($($method:ident($($argument:ident: $type:ty),*) => $to:ident($($passed:expr),*);)*) => { $(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, Abort> {
            self.visit(visitor, |reader, visitor| reader.$to($($passed,)* visitor))
        }
    )* };
}

impl<'de> Deserializer<'de> for InputReader<'_> {
    type Error = Abort;

    parsed! {
        deserialize_bool => visit_bool(bool, "bool", "true");
        deserialize_i8 => visit_i8(i8, "i8", "1");
        deserialize_i16 => visit_i16(i16, "i16", "1");
        deserialize_i32 => visit_i32(i32, "i32", "1");
        deserialize_i64 => visit_i64(i64, "i64", "1");
        deserialize_i128 => visit_i128(i128, "i128", "1");
        deserialize_u8 => visit_u8(u8, "u8", "1");
        deserialize_u16 => visit_u16(u16, "u16", "1");
        deserialize_u32 => visit_u32(u32, "u32", "1");
        deserialize_u64 => visit_u64(u64, "u64", "1");
        deserialize_u128 => visit_u128(u128, "u128", "1");
        deserialize_f32 => visit_f32(f32, "f32", "1") if |number| number.is_finite();
        deserialize_f64 => visit_f64(f64, "f64", "1") if |number| number.is_finite();
        deserialize_char => visit_char(char, "one character", "1");
    }

    forwarded! {
        deserialize_any() => any();
        deserialize_str() => str();
        deserialize_string() => str();
        deserialize_identifier() => str();
        deserialize_bytes() => bytes();
        deserialize_byte_buf() => bytes();
        deserialize_option() => option();
        deserialize_unit() => unit();
        deserialize_unit_struct(_name: &'static str) => unit();
        deserialize_newtype_struct(_name: &'static str) => newtype();
        deserialize_seq() => items(None);
        deserialize_tuple(len: usize) => items(Some(len));
        deserialize_tuple_struct(_name: &'static str, len: usize) => items(Some(len));
        deserialize_map() => fields(&[]);
        deserialize_struct(_name: &'static str, declared: &'static [&'static str]) => fields(declared);
        deserialize_enum(_name: &'static str, variants: &'static [&'static str]) => variant(variants);
        deserialize_ignored_any() => ignored();
    }
}
