//! The values of `secrets.toml`.

use std::path::Path;

use toml::de::DeValue;

use crate::settings::{
    error::SettingError,
    variables::{self, Kind, Variable},
};

/// Returns the text of a setting, in the form of its variable.
pub(super) fn setting(
    variable: &Variable,
    value: &DeValue<'_>,
    file: &Path,
) -> Result<String, SettingError> {
    let key = variable.key().unwrap_or_default();
    match (variable.kind(), value) {
        (Kind::Path, DeValue::String(text)) if !text.is_empty() && !text.starts_with('~') => {
            let folder = file.parent().unwrap_or(Path::new(""));
            let path = folder.join(text.as_ref());
            path.into_os_string().into_string().map_err(|_| {
                let message = "it is relative to a folder whose name is not UTF-8";
                SettingError::new(
                    message,
                    format!("write the absolute path, or set {}", variable.name()),
                )
            })
        }
        (_, DeValue::String(text)) => Ok(text.clone().into_owned()),
        (Kind::Seconds, DeValue::Integer(number)) if number.radix() == 10 => {
            Ok(number.as_str().replace('_', ""))
        }
        (Kind::Seconds, DeValue::Float(number)) => Ok(number.as_str().replace('_', "")),
        (Kind::Seconds, other) => {
            let message = format!("`{key}` is a number of seconds, not {}", describe(other));
            Err(SettingError::new(message, format!("write {key} = {}", variable.default())))
        }
        (_, other) => {
            let message = format!("`{key}` is a text, not {}", describe(other));
            let help = match other {
                DeValue::Array(_)
                    if key == variables::DEFAULT_BACKEND.key().unwrap_or_default() =>
                {
                    "write the types into one text, with commas between them".to_owned()
                }
                _ => format!("write {key} = \"..\""),
            };
            Err(SettingError::new(message, help))
        }
    }
}

/// Returns what kind of value it is, in words. Nothing of it is quoted.
pub(super) fn describe(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
