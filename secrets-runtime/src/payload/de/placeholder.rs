//! What a type is offered in the place of a field that is missing or does not fit, once a field is missing:
//! serde stops at the first missing field, so the next one is only found if the first one is there. What is
//! built from a placeholder is dropped.
//!
//! Numbers are 1, booleans `true`, lists and maps empty and options `None`. A type gets one placeholder: if it
//! refuses that, reading goes on without.

use std::cell::Cell;

use serde::de::{Expected, Visitor};

use crate::payload::de::abort::Abort;

/// Each run's supply, for types that ask for one after another.
const MAX_PLACEHOLDERS: u16 = 4096;

/// How many placeholders a run may still make.
pub(super) struct Supply(Cell<u16>);

impl Default for Supply {
    fn default() -> Self {
        Self(Cell::new(MAX_PLACEHOLDERS))
    }
}

impl Supply {
    /// Takes one.
    pub(super) fn take(&self) -> Result<(), Abort> {
        let left = self.0.get().checked_sub(1).ok_or_else(Abort::refused)?;
        self.0.set(left);
        Ok(())
    }
}

/// Offers a text: that of a number, or for the few types that are read from a text of their own form something
/// of that form that leads to no machine.
pub(super) fn visit_text<'de, V: Visitor<'de>>(visitor: V) -> Result<V::Value, Abort> {
    let expected = (&visitor as &dyn Expected).to_string();
    let form = FORMS.iter().find(|(words, _)| expected.contains(words));
    visitor.visit_str(form.map_or("1", |(_, text)| text))
}

/// What types say they expect, the more exact words first.
const FORMS: [(&str, &str); 7] = [
    ("IPv6 socket address", "[::]:0"),
    ("socket address", "0.0.0.0:0"),
    ("IPv6 address", "::"),
    ("IPv4 address", "0.0.0.0"),
    ("IP address", "0.0.0.0"),
    ("URL", "data:,"),
    ("UUID", "00000000-0000-0000-0000-000000000000"),
];

/// A variant of an enum: another one at the next depth, since one of them may contain the enum.
pub(super) fn variant(variants: &[&'static str], depth: u16) -> Result<&'static str, Abort> {
    let index = usize::from(depth).checked_rem(variants.len()).ok_or_else(Abort::refused)?;
    Ok(variants[index])
}
