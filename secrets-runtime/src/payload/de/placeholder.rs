//! Placeholders for fields that are missing or do not fit. They are used after a field was missing: serde
//! stops at the first missing field, so the next one is found only if the first one exists. The result of a
//! run with placeholders is dropped.
//!
//! Numbers are 1, booleans `true`, lists and maps empty and options `None`. A type gets one placeholder: if
//! it refuses that, reading goes on without it.

use std::cell::Cell;

use serde::de::{Expected, Visitor};

use crate::payload::de::abort::Abort;

/// The supply of each run, for types that ask for one after another.
const MAX_PLACEHOLDERS: u16 = 4096;

/// The number of placeholders that a run may still create.
pub(super) struct Supply(Cell<u16>);

impl Default for Supply {
    fn default() -> Self {
        Self(Cell::new(MAX_PLACEHOLDERS))
    }
}

impl Supply {
    /// Takes one placeholder from the supply.
    pub(super) fn take(&self) -> Result<(), Abort> {
        let left = self.0.get().checked_sub(1).ok_or_else(Abort::refused)?;
        self.0.set(left);
        Ok(())
    }
}

/// Visits a text: a number, or for types that expect a text of a certain form a text of that form that leads
/// to no machine.
pub(super) fn visit_text<'de, V: Visitor<'de>>(visitor: V) -> Result<V::Value, Abort> {
    let expected = (&visitor as &dyn Expected).to_string();
    let form = FORMS.iter().find(|(words, _)| expected.contains(words));
    visitor.visit_str(form.map_or("1", |(_, text)| text))
}

/// What types say they expect, the more specific words first.
const FORMS: [(&str, &str); 7] = [
    ("IPv6 socket address", "[::]:0"),
    ("socket address", "0.0.0.0:0"),
    ("IPv6 address", "::"),
    ("IPv4 address", "0.0.0.0"),
    ("IP address", "0.0.0.0"),
    ("URL", "data:,"),
    ("UUID", "00000000-0000-0000-0000-000000000000"),
];

/// Returns a variant of an enum: another one at each depth, since a variant may contain the enum itself.
pub(super) fn variant(variants: &[&'static str], depth: u16) -> Result<&'static str, Abort> {
    let index = usize::from(depth).checked_rem(variants.len()).ok_or_else(Abort::refused)?;
    Ok(variants[index])
}
