use std::str::FromStr;

use serde::de::{Error, Visitor};
use zeroize::Zeroizing;

use crate::core::secret_value::SecretValue;

/// What a type that takes anything gets of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Its text.
    Plain,
    /// The number or boolean that its text is, if that would be written the same; else its text.
    Scalar,
    /// As [`Reading::Scalar`], and the content of a JSON list or object.
    Structured,
    /// As [`Reading::Structured`] in a text that is JSON as a whole, where `null` is a value.
    Json,
}

impl Reading {
    /// The reading to try if this one does not fit the type.
    pub(super) fn other(self, is_set: bool) -> Self {
        match self {
            Self::Plain if is_set => Self::Scalar,
            Self::Plain => Self::Structured,
            _ => Self::Plain,
        }
    }
}

/// Offers the text, or the bytes if it is none.
pub(super) fn visit_plain<'de, V: Visitor<'de>, E: Error>(
    value: &SecretValue,
    visitor: V,
) -> Result<V::Value, E> {
    match value.expose_str() {
        // Both are what the user's type asks for.
        Ok(text) => visitor.visit_str(text),
        Err(_) => visitor.visit_bytes(value.expose_bytes()),
    }
}

/// Offers the number or the boolean that would be written as the text is; else the text.
pub(super) fn visit_scalar<'de, V: Visitor<'de>, E: Error>(
    value: &SecretValue,
    visitor: V,
) -> Result<V::Value, E> {
    let text = value.expose_str().unwrap_or_default(); // to be parsed
    if let Some(number) = parse_exact::<u64>(text) {
        visitor.visit_u64(number)
    } else if let Some(number) = parse_exact::<i64>(text) {
        visitor.visit_i64(number)
    } else if let Some(number) = parse_exact::<f64>(text).filter(|number| number.is_finite()) {
        visitor.visit_f64(number)
    } else if let Some(truth) = parse_exact::<bool>(text) {
        visitor.visit_bool(truth)
    } else {
        visit_plain(value, visitor)
    }
}

/// Returns the parsed text, if it would be written the same.
fn parse_exact<T: FromStr + ToString>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|parsed| *Zeroizing::new(parsed.to_string()) == text)
}
