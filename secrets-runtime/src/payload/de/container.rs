use serde::de::DeserializeSeed;

use crate::{
    core::secret_value::SecretValue,
    payload::{
        de::{abort::Stop, diagnostics::Node},
        json::form::Form,
    },
};

/// What has parts: a set of fields, or a value that is an object, a list or a variant.
///
/// A part is a value that may have parts again. What hands them out knows only this of what they are parts of,
/// so that it need not know the values that in turn need it.
pub(super) trait Whole {
    /// Where it is.
    fn node(&self) -> Node<'_>;

    /// Reads a part of it, which is at the node, or what stands in for the part. The form is what the part is
    /// written as, where that is known: inside of JSON.
    fn read_part<'de, S: DeserializeSeed<'de>>(
        &self,
        seed: S,
        node: Node<'_>,
        value: &SecretValue,
        form: Option<Form>,
    ) -> Result<S::Value, Stop>;
}
