use std::{any::type_name, str::FromStr};

use serde::de::{Error, Visitor};
use zeroize::Zeroizing;

use crate::core::secret_value::SecretValue;

/// How a value is passed to a type that accepts anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReadMode {
    pub scalars: Scalars,
    /// Whether a JSON list or object is passed as its content, and not as its text.
    pub has_parts: bool,
}

/// How a number or a boolean is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalars {
    /// As its text.
    Texts,
    /// As what it is in the JSON that contains it, or what it looks like if it is from no JSON.
    Known,
    /// As what it looks like: the text of a number is a number.
    Guessed,
}

impl ReadMode {
    pub(super) const TEXT: Self = Self { scalars: Scalars::Texts, has_parts: false };
}

/// Visits the text, or the bytes if they are not UTF-8.
pub(super) fn visit_text<'de, V: Visitor<'de>, E: Error>(
    value: &SecretValue,
    visitor: V,
) -> Result<V::Value, E> {
    match value.expose_str() {
        // The user's type asks for both.
        Ok(text) => visitor.visit_str(text),
        Err(_) => visitor.visit_bytes(value.expose_bytes()),
    }
}

/// Visits the number or the boolean that the text is, or else the text. If `is_exact`, a number must be written
/// like the text.
pub(super) fn visit_scalar<'de, V: Visitor<'de>, E: Error>(
    value: &SecretValue,
    is_exact: bool,
    visitor: V,
) -> Result<V::Value, E> {
    let text = value.expose_str().unwrap_or_default(); // to be parsed
    if let Some(number) = parse::<u64>(text, is_exact) {
        visitor.visit_u64(number)
    } else if let Some(number) = parse::<i64>(text, is_exact) {
        visitor.visit_i64(number)
    } else if let Some(number) = parse::<f64>(text, is_exact).filter(|number| number.is_finite()) {
        visitor.visit_f64(number)
    } else if let Some(truth) = parse::<bool>(text, is_exact) {
        visitor.visit_bool(truth)
    } else {
        visit_text(value, visitor)
    }
}

fn parse<T: FromStr + ToString>(text: &str, is_exact: bool) -> Option<T> {
    let is_same = |parsed: &T| *Zeroizing::new(parsed.to_string()) == text;
    text.parse::<T>().ok().filter(|parsed| !is_exact || is_same(parsed))
}

/// Returns whether the visitor creates a secret value, which keeps the text of a number.
pub(super) fn keeps_text<'de, V: Visitor<'de>>() -> bool {
    type_name::<V::Value>() == type_name::<SecretValue>()
}
