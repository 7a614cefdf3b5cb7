use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, SeqAccess, VariantAccess, Visitor,
    value::StrDeserializer,
};

use crate::payload::de::{abort::Abort, diagnostics::Diagnostics, input::Input, path::Path};

/// Something with parts: the fields of a secret, a JSON object or list, a variant with its content.
///
/// A part may have parts too. The types that visit the parts depend on this trait only, and not on the
/// deserializer, which depends on them.
pub(super) trait Container: Copy {
    type Part<'a>: for<'de> Deserializer<'de, Error = Abort>;

    fn path(&self) -> &Path<'_>;

    fn diagnostics(&self) -> &Diagnostics;

    /// Reads the part at this path.
    fn read_part<T>(
        &self,
        path: &Path<'_>,
        input: Input<'_>,
        read: impl FnOnce(Self::Part<'_>) -> Result<T, Abort>,
    ) -> Result<T, Abort>;

    /// Reads a part without a path of its own. Its problems are reported at the path of the container.
    fn read_content<T>(
        &self,
        input: Input<'_>,
        read: impl FnOnce(Self::Part<'_>) -> Result<T, Abort>,
    ) -> Result<T, Abort>;
}

/// Visits the items of a list.
pub(super) struct Items<C, I> {
    list: C,
    inputs: I,
    next: usize,
}

impl<'a, C: Container, I: ExactSizeIterator<Item = Input<'a>>> Items<C, I> {
    pub(super) fn new(list: C, inputs: I) -> Self {
        Self { list, inputs, next: 0 }
    }
}

impl<'a, 'de, C: Container, I: ExactSizeIterator<Item = Input<'a>>> SeqAccess<'de> for Items<C, I> {
    type Error = Abort;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Abort> {
        let Some(input) = self.inputs.next() else { return Ok(None) };
        let path = self.list.path().index(self.next);
        self.next += 1;
        self.list.read_part(&path, input, |item| seed.deserialize(item)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.inputs.len())
    }
}

/// A variant of an enum. Its content is [`Input::Absent`] if it has none.
pub(super) struct Variant<'a, C> {
    container: C,
    name: &'a str,
    content: Input<'a>,
    /// Whether the type has a variant of this name. Any other name is a part of the value.
    is_known: bool,
}

impl<'a, C: Container> Variant<'a, C> {
    pub(super) fn new(container: C, name: &'a str, content: Input<'a>, is_known: bool) -> Self {
        Self { container, name, content, is_known }
    }

    fn read<T>(&self, read: impl FnOnce(C::Part<'_>) -> Result<T, Abort>) -> Result<T, Abort> {
        match self.content {
            // The name is the value itself here, and a path must not show a value.
            Input::Absent | Input::Placeholder => self.container.read_content(self.content, read),
            content => {
                let path = match self.is_known {
                    true => self.container.path().name(self.name),
                    false => self.container.path().hidden(self.name),
                };
                self.container.read_part(&path, content, read)
            }
        }
    }
}

impl<'de, C: Container> EnumAccess<'de> for Variant<'_, C> {
    type Error = Abort;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Abort> {
        Ok((seed.deserialize(StrDeserializer::new(self.name))?, self))
    }
}

impl<'de, C: Container> VariantAccess<'de> for Variant<'_, C> {
    type Error = Abort;

    fn unit_variant(self) -> Result<(), Abort> {
        match self.content {
            Input::Absent | Input::Null | Input::Placeholder => Ok(()),
            _ => {
                Err(Abort::mismatch("expected the name of the variant alone, as it holds nothing"))
            }
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Abort> {
        self.read(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Abort> {
        self.read(|content| content.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Abort> {
        self.read(|content| content.deserialize_struct("", fields, visitor))
    }
}
