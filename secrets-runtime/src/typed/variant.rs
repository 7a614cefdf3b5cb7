use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, VariantAccess, Visitor},
};

use super::{
    absent::Absent,
    field::{Field, Reading},
    findings::Node,
    key::Key,
    stop::Stop,
};
use crate::{
    SecretValue,
    payload_json::{Form, Json},
};

/// A variant of an enum, with what it holds.
pub(super) struct Variant<'a> {
    node: Node<'a>,
    name: &'a str,
    content: Option<Content<'a>>,
}

struct Content<'a> {
    value: &'a SecretValue,
    form: Option<Form>,
    reading: Reading,
}

impl<'a> Variant<'a> {
    /// A name alone.
    pub(super) fn unit(node: Node<'a>, name: &'a str) -> Self {
        Self { node, name, content: None }
    }

    /// The member of an object.
    pub(super) fn of(node: Node<'a>, name: &'a str, content: &'a Json, reading: Reading) -> Self {
        Self::with(node, name, &content.value, Some(content.form), reading)
    }

    /// A name and a value.
    pub(super) fn with(
        node: Node<'a>,
        name: &'a str,
        value: &'a SecretValue,
        form: Option<Form>,
        reading: Reading,
    ) -> Self {
        Self { node, name, content: Some(Content { value, form, reading }) }
    }

    fn read<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stop> {
        match self.content {
            None => seed.deserialize(Absent),
            Some(content) => {
                let path = self.node.path().name(self.name);
                Field::read(seed, self.node.at(&path), content.value, content.form, content.reading)
            }
        }
    }
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Stop;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Stop> {
        Ok((seed.deserialize(Key(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        match self.content {
            None | Some(Content { form: Some(Form::Null), .. }) => Ok(()),
            Some(_) => {
                Err(Stop::misfit("expected the name of the variant alone, as it holds nothing"))
            }
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stop> {
        self.read(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        self.read(TupleSeed { len, visitor })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.read(StructSeed { fields, visitor })
    }
}

struct TupleSeed<V> {
    len: usize,
    visitor: V,
}

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for TupleSeed<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_tuple(self.len, self.visitor)
    }
}

struct StructSeed<V> {
    fields: &'static [&'static str],
    visitor: V,
}

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for StructSeed<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_struct("", self.fields, self.visitor)
    }
}
