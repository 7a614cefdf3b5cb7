use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
        value::StrDeserializer,
    },
};

use crate::payload::de::abort::Stop;

/// The texts to try on a type that has a check of its own, from the most harmless on.
const TEXTS: [&str; 6] = [
    "",
    "1",
    "127.0.0.1",
    "127.0.0.1:1",
    "http://127.0.0.1/",
    "00000000-0000-0000-0000-000000000000",
];

/// How many flavours of dummies there are.
pub(super) const FLAVOURS: u8 = TEXTS.len() as u8;

/// Stands in for a value that misfits, so that a run finds out about the others: a zero, an empty text, a list
/// of nothing. What is built of it is thrown away.
#[derive(Clone, Copy, Default)]
pub(super) struct Dummy {
    flavour: u8,
    depth: u8,
}

/// For types that hold themselves.
const MAX_DEPTH: u8 = 32;

impl Dummy {
    pub(super) fn new(flavour: u8) -> Self {
        Self { flavour, depth: 0 }
    }

    fn inner(self) -> Result<Self, Stop> {
        match self.depth < MAX_DEPTH {
            true => Ok(Self { depth: self.depth + 1, ..self }),
            false => Err(Stop::Stuck),
        }
    }

    fn text(self) -> &'static str {
        TEXTS.get(usize::from(self.flavour)).copied().unwrap_or_default()
    }

    fn items(self, left: usize) -> Result<Items, Stop> {
        Ok(Items { left, item: self.inner()? })
    }
}

macro_rules! visit {
    ($($method:ident => |$self:ident, $visitor:ident| $visit:expr;)*) => { $(
        fn $method<V: Visitor<'de>>($self, $visitor: V) -> Result<V::Value, Stop> {
            $visit
        }
    )* };
}

impl<'de> Deserializer<'de> for Dummy {
    type Error = Stop;

    visit! {
        deserialize_any => |self, visitor| visitor.visit_str(self.text());
        deserialize_bool => |self, visitor| visitor.visit_bool(self.flavour > 0);
        deserialize_i8 => |self, visitor| visitor.visit_i8((self.flavour > 0).into());
        deserialize_i16 => |self, visitor| visitor.visit_i16((self.flavour > 0).into());
        deserialize_i32 => |self, visitor| visitor.visit_i32((self.flavour > 0).into());
        deserialize_i64 => |self, visitor| visitor.visit_i64((self.flavour > 0).into());
        deserialize_i128 => |self, visitor| visitor.visit_i128((self.flavour > 0).into());
        deserialize_u8 => |self, visitor| visitor.visit_u8((self.flavour > 0).into());
        deserialize_u16 => |self, visitor| visitor.visit_u16((self.flavour > 0).into());
        deserialize_u32 => |self, visitor| visitor.visit_u32((self.flavour > 0).into());
        deserialize_u64 => |self, visitor| visitor.visit_u64((self.flavour > 0).into());
        deserialize_u128 => |self, visitor| visitor.visit_u128((self.flavour > 0).into());
        deserialize_f32 => |self, visitor| visitor.visit_f32(u8::from(self.flavour > 0).into());
        deserialize_f64 => |self, visitor| visitor.visit_f64(u8::from(self.flavour > 0).into());
        deserialize_char => |self, visitor| visitor.visit_char('0');
        deserialize_str => |self, visitor| visitor.visit_str(self.text());
        deserialize_string => |self, visitor| visitor.visit_str(self.text());
        deserialize_identifier => |self, visitor| visitor.visit_str(self.text());
        deserialize_bytes => |self, visitor| visitor.visit_bytes(self.text().as_bytes());
        deserialize_byte_buf => |self, visitor| visitor.visit_bytes(self.text().as_bytes());
        deserialize_option => |self, visitor| visitor.visit_none();
        deserialize_unit => |self, visitor| visitor.visit_unit();
        deserialize_ignored_any => |self, visitor| visitor.visit_unit();
        deserialize_seq => |self, visitor| visitor.visit_seq(self.items((self.flavour > 0).into())?);
        deserialize_map => |self, visitor| visitor.visit_map(self.items(0)?);
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
        visitor.visit_newtype_struct(self.inner()?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_seq(self.items(len)?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_seq(self.items(len)?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        // By position: among the names there are aliases, of which one too many would be a duplicate.
        visitor.visit_seq(self.items(fields.len())?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let index = usize::from(self.flavour).checked_rem(variants.len()).ok_or(Stop::Stuck)?;
        visitor.visit_enum(Variant { name: variants[index], content: self.inner()? })
    }
}

/// So many dummies.
struct Items {
    left: usize,
    item: Dummy,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stop> {
        match self.left.checked_sub(1) {
            None => Ok(None),
            Some(left) => {
                self.left = left;
                seed.deserialize(self.item).map(Some)
            }
        }
    }
}

impl<'de> MapAccess<'de> for Items {
    type Error = Stop;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, _: S) -> Result<Option<S::Value>, Stop> {
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(self.item)
    }
}

struct Variant {
    name: &'static str,
    content: Dummy,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Stop;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Stop> {
        Ok((seed.deserialize(StrDeserializer::<Stop>::new(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(self.content)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        self.content.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.content.deserialize_struct("", fields, visitor)
    }
}
