//! Placeholders for fields that are missing or do not fit. They are used after a field was missing: serde
//! stops at the first missing field, so the next one is found only if the first one exists. The result of a
//! run with placeholders is dropped.
//!
//! Numbers are 1, booleans `true`, lists and maps empty and options `None`. A type gets one placeholder: if
//! it refuses that, reading goes on without it.

use serde::de::{Expected, Visitor};

use crate::payload::de::abort::Abort;

/// The number of placeholders in one run, for types that ask for one after another.
pub(super) const MAX_PLACEHOLDERS: u16 = 4096;

/// Visits a text: a number, or for types that expect a text of a certain form a valid text of that form, to which
/// no program can connect.
pub(super) fn visit_placeholder<'de, V: Visitor<'de>>(visitor: V) -> Result<V::Value, Abort> {
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
