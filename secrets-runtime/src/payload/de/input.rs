use std::borrow::Cow;

use crate::{
    core::{escape::backquoted_list, secret_value::SecretValue},
    payload::{
        de::reading::Reading,
        json::{self, Json, form::Form},
    },
};

/// What a type is read from.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    /// A value as it is stored.
    Text(&'a SecretValue),
    /// A value inside JSON, and its form there.
    Json(&'a SecretValue, Form),
    /// The fields of a secret.
    Set(&'a [(&'a str, &'a SecretValue)]),
    /// The name of a field.
    Key(&'a str),
    /// No stored value: an invented one that fits the type, so that reading can go on.
    Placeholder,
    /// No value: `None` for an `Option`, and an error for almost every other type.
    Absent,
    /// The `null` of a JSON document: `None` for an `Option`, and no value for a type that accepts anything.
    Null,
}

impl<'a> Input<'a> {
    /// Creates the input for a value inside JSON. `null` is a value only if the whole text is JSON.
    pub(super) fn of_json(json: &'a Json, reading: Reading) -> Self {
        match (json.form, reading) {
            (Form::Null, Reading::Json) => Self::Null,
            (Form::Null, _) => Self::Absent,
            (form, _) => Self::Json(&json.value, form),
        }
    }

    /// Returns what kind of value this is, for a message; `None` if nothing is stored.
    pub(super) fn kind(self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Text(value) => text_kind(value).into(),
            Self::Json(value, Form::Text) => match value.is_empty() {
                true => "an empty text".into(),
                false => "a text".into(),
            },
            Self::Json(_, form) => form.as_str().into(),
            Self::Set(fields) => format!("a set of {} fields", fields.len()).into(),
            Self::Key(_) | Self::Placeholder | Self::Absent | Self::Null => return None,
        })
    }

    pub(super) fn is_binary(self) -> bool {
        matches!(self, Self::Text(value) | Self::Json(value, _) if !value.is_text())
    }

    /// Returns the values, which no message may show.
    pub(super) fn values(self) -> Vec<&'a [u8]> {
        match self {
            // They are compared with a message and not stored.
            Self::Text(value) | Self::Json(value, _) => vec![value.expose_bytes()],
            Self::Set(fields) => fields.iter().map(|(_, value)| value.expose_bytes()).collect(),
            Self::Key(name) => vec![name.as_bytes()],
            Self::Placeholder | Self::Absent | Self::Null => Vec::new(),
        }
    }
}

/// Returns what a stored text looks like.
fn text_kind(value: &SecretValue) -> &'static str {
    // Looked at for its form.
    let Ok(text) = value.expose_str() else { return "bytes that are not text" };
    let form = match Form::guess(value) {
        Form::Bool if text.parse::<bool>().is_ok() => Form::Bool,
        Form::Number if text.parse::<f64>().is_ok() => Form::Number,
        Form::Object if json::is_object(value) => Form::Object,
        Form::List if json::list(value).is_ok() => Form::List,
        _ if text.is_empty() => return "an empty text",
        _ => return "a text",
    };
    form.as_str()
}

/// Returns the help for a type that is read from one value, and got a set.
pub(super) fn one_of(fields: &[(&str, &SecretValue)]) -> String {
    let names = list(fields.iter().map(|(name, _)| *name));
    match fields.first() {
        Some((name, _)) => {
            format!(
                "name one of them as the `key`, such as key = {name:?}, or take all of them as a struct or a map: {names}"
            )
        }
        None => names,
    }
}

/// Lists the names of the fields for a help line.
pub(super) fn list<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    match names.len() {
        0 => "it has no fields".to_owned(),
        _ => format!("its fields are {}", backquoted_list(names)),
    }
}
