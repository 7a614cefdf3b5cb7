//! A source or request, as an event writes it.

use secrets_spec::Source;
use serde_json::Value;

/// Returns the group of a source that is written so.
pub fn group_of(source: &str) -> String {
    Source::parse(source).map_or_else(|_| source.to_owned(), |source| source.group().to_owned())
}

/// Returns the field of a request as it is written, without its version. The text of a source is returned as it is.
pub fn field_of(source: &str) -> String {
    if let Some(field) = field_of_json(source) {
        return field;
    }
    match source.split_once(" (version ") {
        Some((field, _)) => field.to_owned(),
        None => source.to_owned(),
    }
}

/// Returns a field that is read by group and key, written as a request for it is.
pub fn field_of_read(group: &str, key: &str) -> String {
    if group.is_empty() { key.to_owned() } else { format!("{group}/{key}") }
}

/// Returns the field of a request that is written in JSON, because another text would have two meanings.
fn field_of_json(source: &str) -> Option<String> {
    let value: Value = serde_json::from_str(source).ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let (group, key) = (text("group"), text("key"));
    (!key.is_empty()).then(|| field_of_read(group, key))
}
