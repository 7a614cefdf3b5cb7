use serde::de::{DeserializeSeed, SeqAccess};

use crate::payload::de::{abort::Abort, input::Input, input_reader::InputReader, path::Path};

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
