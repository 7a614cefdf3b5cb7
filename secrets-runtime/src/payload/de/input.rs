use crate::{
    core::secret_value::SecretValue,
    payload::json::{self, Json, form::Form},
};

/// The name of a field, its value, and its form in the JSON of the payload.
pub(crate) type SetField<'a> = (&'a str, &'a SecretValue, Option<Form>);

/// What a type is read from.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    /// A value, and its form if it is inside JSON.
    Value(&'a SecretValue, Option<Form>),
    /// The fields of a secret.
    Set(&'a [SetField<'a>]),
    /// The name of a field.
    Name(&'a str),
    /// An invented value that fits the type, so that reading can go on.
    Placeholder,
    /// The `null` of JSON.
    Null,
    /// No value, since its source is absent: `None` for an `Option`, and an error for almost every other type.
    Absent,
}

impl<'a> Input<'a> {
    pub(super) fn of_json(json: &'a Json) -> Self {
        match json.form {
            Form::Null => Self::Null,
            form => Self::Value(&json.value, Some(form)),
        }
    }

    pub(super) fn of_fields(fields: &[SetField<'a>]) -> Vec<(&'a str, Self)> {
        fields.iter().map(|(name, value, form)| (*name, Self::Value(value, *form))).collect()
    }

    pub(super) fn of_members(members: &'a [(String, Json)]) -> Vec<(&'a str, Self)> {
        members.iter().map(|(name, json)| (&**name, Self::of_json(json))).collect()
    }

    /// Returns what kind of value this is, for a message; `None` if nothing is stored.
    pub(super) fn kind(self) -> Option<String> {
        let (value, form) = match self {
            Self::Value(value, form) => (value, form.unwrap_or_else(|| form_of(value))),
            Self::Set(fields) => return Some(format!("a set of {} fields", fields.len())),
            Self::Name(_) | Self::Placeholder | Self::Null | Self::Absent => return None,
        };
        let kind = match form {
            Form::Text if !value.is_text() => "bytes that are not text",
            Form::Text if value.is_empty() => "an empty text",
            Form::Text if has_blank_ends(value) => "a text with white space around it",
            Form::Text => "a text",
            form => form.as_str(),
        };
        Some(kind.to_owned())
    }

    pub(super) fn is_binary(self) -> bool {
        matches!(self, Self::Value(value, _) if !value.is_text())
    }
}

fn has_blank_ends(value: &SecretValue) -> bool {
    // Only the ends are looked at.
    value.expose_str().is_ok_and(|text| text.trim().len() < text.len())
}

/// Returns the form of a stored value, which is the form of a text if it is not JSON.
fn form_of(value: &SecretValue) -> Form {
    let text = value.expose_str().unwrap_or_default(); // to be parsed
    let form = Form::guess(value);
    let is_json = match form {
        Form::Bool => text.parse::<bool>().is_ok(),
        Form::Number => text.parse::<f64>().is_ok(),
        Form::Object => json::is_object(value),
        Form::List => json::list(value).is_ok(),
        Form::Null | Form::Text => false,
    };
    if is_json { form } else { Form::Text }
}
