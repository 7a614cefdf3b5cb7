use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, VariantAccess, Visitor},
};

use crate::{
    core::secret_value::SecretValue,
    payload::{
        de::{abort::Stop, absent::Absent, container::Whole, key::Key},
        json::form::Form,
    },
};

/// A variant of an enum, with what it holds.
pub(super) struct Variant<'a, W> {
    whole: W,
    name: &'a str,
    content: Option<Content<'a>>,
}

struct Content<'a> {
    value: &'a SecretValue,
    form: Option<Form>,
}

impl<'a, W: Whole> Variant<'a, W> {
    /// A name alone.
    pub(super) fn unit(whole: W, name: &'a str) -> Self {
        Self { whole, name, content: None }
    }

    /// A name and a value.
    pub(super) fn of(whole: W, name: &'a str, value: &'a SecretValue, form: Option<Form>) -> Self {
        Self { whole, name, content: Some(Content { value, form }) }
    }

    fn read<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stop> {
        match self.content {
            None => seed.deserialize(Absent),
            Some(Content { value, form }) => {
                let node = self.whole.node();
                let path = node.path().name(self.name);
                self.whole.read_part(seed, node.at(&path), value, form)
            }
        }
    }
}

impl<'de, W: Whole> EnumAccess<'de> for Variant<'_, W> {
    type Error = Stop;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Stop> {
        Ok((seed.deserialize(Key(self.name))?, self))
    }
}

impl<'de, W: Whole> VariantAccess<'de> for Variant<'_, W> {
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
