use std::{any::type_name, str::FromStr};

use serde::de::{Error, Visitor};
use zeroize::Zeroizing;

use crate::core::secret_value::SecretValue;

/// How a value is passed to a type that accepts anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As its text.
    Plain,
    /// As the number or boolean that its text is, if that is written the same; else as its text.
    Scalar,
    /// As [`Reading::Scalar`], and a JSON list or object as its content.
    Structured,
    /// As [`Reading::Structured`] in a text that is JSON as a whole: every number is a number, however it is written,
    /// and `null` is a value.
    Json,
}

impl Reading {
    /// Returns the reading to try if this one does not fit the type.
    pub(super) fn other(self, is_set: bool) -> Self {
        match self {
            Self::Plain if is_set => Self::Scalar,
            Self::Plain => Self::Structured,
            _ => Self::Plain,
        }
    }
}

/// Visits the text, or the bytes if they are not UTF-8.
pub(super) fn visit_plain<'de, V: Visitor<'de>, E: Error>(
    value: &SecretValue,
    visitor: V,
) -> Result<V::Value, E> {
    match value.expose_str() {
        // The user's type asks for both.
        Ok(text) => visitor.visit_str(text),
        Err(_) => visitor.visit_bytes(value.expose_bytes()),
    }
}

/// Visits the number or the boolean if it is written like the text, or else the text.
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

/// Visits a number of a JSON document. A number that no type can hold is its text, and so is every number for a secret
/// value, which keeps what is written.
pub(super) fn visit_number<'de, V: Visitor<'de>, E: Error>(
    value: &SecretValue,
    visitor: V,
) -> Result<V::Value, E> {
    let keeps_text = type_name::<V::Value>() == type_name::<SecretValue>();
    let text = value.expose_str().unwrap_or_default(); // to be parsed
    if keeps_text {
        visit_plain(value, visitor)
    } else if let Ok(number) = text.parse::<u64>() {
        visitor.visit_u64(number)
    } else if let Ok(number) = text.parse::<i64>() {
        visitor.visit_i64(number)
    } else {
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => visitor.visit_f64(number),
            _ => visit_plain(value, visitor),
        }
    }
}

/// Returns the parsed text, if it is written the same.
fn parse_exact<T: FromStr + ToString>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|parsed| *Zeroizing::new(parsed.to_string()) == text)
}
