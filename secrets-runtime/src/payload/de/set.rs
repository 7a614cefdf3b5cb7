use serde::{
    Deserializer,
    de::{DeserializeSeed, Visitor},
};

use crate::{
    core::{error::ErrorKind, secret_value::SecretValue},
    payload::{
        de::{
            abort::Stop,
            container::Whole,
            diagnostics::Node,
            field::{Field, Reading},
            fields::Fields,
            member::Member,
            variant::Variant,
        },
        json::form::Form,
    },
};

/// The set of fields that a whole attempt is made of.
#[derive(Clone, Copy)]
pub(super) struct Set<'a> {
    node: Node<'a>,
    members: &'a [Member<'a>],
    reading: Reading,
}

impl<'a> Set<'a> {
    pub(super) fn new(node: Node<'a>, members: &'a [Member<'a>]) -> Self {
        let reading = match node.plan().readings {
            1 => Reading::Scalar,
            _ => Reading::Plain,
        };
        Self { node, members, reading }
    }

    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        Fields::new(self, self.members).visit(visitor)
    }

    /// The value of a set that has but one.
    fn only(&self, expected: &str) -> Result<Field<'a>, Stop> {
        match self.members {
            &[member] => Ok(Field::root(self.node, member.value)),
            members => {
                let what =
                    format!("expected {expected}, and it is a set of {} fields", members.len());
                let help = format!("name one of them as the `key`: {}", Member::names(members));
                self.node.note(ErrorKind::Undecodable, &what, Some(help));
                Err(Stop::Stuck)
            }
        }
    }
}

impl Whole for Set<'_> {
    fn node(&self) -> Node<'_> {
        self.node
    }

    fn read_part<'de, S: DeserializeSeed<'de>>(
        &self,
        seed: S,
        node: Node<'_>,
        value: &SecretValue,
        form: Option<Form>,
    ) -> Result<S::Value, Stop> {
        Field::read_at(seed, node, value, form, self.reading)
    }
}

macro_rules! only {
    ($($method:ident $expected:literal;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            self.only($expected)?.$method(visitor)
        }
    )* };
}

impl<'de> Deserializer<'de> for Set<'_> {
    type Error = Stop;

    /// One field is a value to a type that takes anything, and a set at the second attempt.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.node.path().open.set(true);
        match self.members {
            &[member] if self.node.plan().readings != 1 => {
                Field::root(self.node, member.value).deserialize_any(visitor)
            }
            _ => self.visit(visitor),
        }
    }

    only! {
        deserialize_bool "bool";
        deserialize_i8 "i8";
        deserialize_i16 "i16";
        deserialize_i32 "i32";
        deserialize_i64 "i64";
        deserialize_i128 "i128";
        deserialize_u8 "u8";
        deserialize_u16 "u16";
        deserialize_u32 "u32";
        deserialize_u64 "u64";
        deserialize_u128 "u128";
        deserialize_f32 "f32";
        deserialize_f64 "f64";
        deserialize_char "one character";
        deserialize_str "text";
        deserialize_string "text";
        deserialize_identifier "text";
        deserialize_bytes "bytes";
        deserialize_byte_buf "bytes";
        deserialize_seq "a list";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        self.only("a list")?.deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.visit(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.visit(visitor)
    }

    /// One field is the name of a variant, or named after one that it is the content of.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match self.members {
            &[Member { name, value, form }]
                if variants.contains(&name) && !is_one_of(value, variants) =>
            {
                visitor.visit_enum(Variant::of(self, name, value, form))
            }
            _ => self.only("a variant")?.deserialize_enum(name, variants, visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }
}

/// Whether the value is one of these public words.
fn is_one_of(value: &SecretValue, words: &[&str]) -> bool {
    words.iter().any(|word| value.expose_bytes() == word.as_bytes())
}
