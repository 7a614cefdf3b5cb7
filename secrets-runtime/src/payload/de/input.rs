use crate::{
    core::secret_value::SecretValue,
    payload::{
        de::reading::Reading,
        json::{Json, form::Form},
    },
};

/// What a type is read from.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    /// A value as it is stored.
    Text(&'a SecretValue),
    /// A value inside JSON, and what it is written as.
    Json(&'a SecretValue, Form),
    /// The fields of a secret.
    Set(&'a [(&'a str, &'a SecretValue)]),
    /// The name of a field.
    Key(&'a str),
    /// Nothing that is stored: something of the type, so that reading can go on.
    Placeholder,
    /// No value: `None` for an `Option`, and an error for almost everything else.
    Absent,
    /// The `null` of a JSON document: `None` for an `Option`, and no value for a type that takes anything.
    Null,
}

impl<'a> Input<'a> {
    /// A value inside JSON. Only a text that is JSON as a whole has `null` as a value.
    pub(super) fn of_json(json: &'a Json, reading: Reading) -> Self {
        match (json.form, reading) {
            (Form::Null, Reading::Json) => Self::Null,
            (Form::Null, _) => Self::Absent,
            (form, _) => Self::Json(&json.value, form),
        }
    }

    /// The values, which no message may show.
    pub(super) fn values(self) -> Vec<&'a [u8]> {
        match self {
            // They are compared with a message, and are not kept.
            Self::Text(value) | Self::Json(value, _) => vec![value.expose_bytes()],
            Self::Set(fields) => fields.iter().map(|(_, value)| value.expose_bytes()).collect(),
            Self::Key(name) => vec![name.as_bytes()],
            Self::Placeholder | Self::Absent | Self::Null => Vec::new(),
        }
    }
}
