//! Reads the JSON of a payload without changing a character of it: a number stays as it is written.
//!
//! `serde_json` checks the syntax and returns the borrowed text of every member ([`RawValue`]), so features
//! that another crate switches on (`arbitrary_precision`, `preserve_order`, ..) do not matter. It decodes no
//! string here: its buffers would leave copies that are not wiped, and its errors print what they read.

pub(crate) mod fault;
pub(crate) mod form;
#[cfg(test)]
mod tests;
mod unescape;

use std::{collections::HashSet, fmt, mem};

use serde::{
    Deserialize as _, Deserializer as _,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    core::secret_value::SecretValue,
    payload::json::{
        fault::JsonFault,
        form::{BLANK, Form},
        unescape::unescape,
    },
};

/// How deeply lists and objects may be nested.
pub(crate) const MAX_DEPTH: usize = 128;

/// Returns the members of a JSON object, in order, each with its form: a string decoded, a number or a boolean as it is
/// written, a list or an object as its text. A member that is `null` is left out.
///
/// # Errors
/// If the payload is not exactly one JSON object, has a key twice, or is nested more than [`MAX_DEPTH`] deep.
/// Inside a nested value only the syntax is checked, since it is returned as text.
pub(crate) fn members(payload: &SecretValue) -> Result<Vec<(String, Json)>, JsonFault> {
    let mut members = object(payload)?;
    members.retain(|(_, json)| json.form != Form::Null);
    Ok(members)
}

/// Returns the members of a JSON object with the form of each, `null` included.
///
/// # Errors
/// As [`members`].
pub(crate) fn object(payload: &SecretValue) -> Result<Vec<(String, Json)>, JsonFault> {
    let text = start(payload, Form::Object)?;
    let raw = parse(text, |json| json.deserialize_map(Members))?;

    let mut keys = Vec::with_capacity(raw.len());
    for (key, _) in &raw {
        let mut decoded = string(text, key)?;
        // A key is a name and not a secret, so it may stay in a plain `String`.
        keys.push(mem::take(&mut *decoded));
    }
    let mut seen = HashSet::with_capacity(keys.len());
    for (key, (written, _)) in keys.iter().zip(&raw) {
        if !seen.insert(key.as_str()) {
            return Err(JsonFault::duplicate_key(text, offset(text, written), key));
        }
    }

    let values =
        raw.iter().map(|(_, value)| Json::read(text, value)).collect::<Result<Vec<_>, _>>()?;
    Ok(keys.into_iter().zip(values).collect())
}

/// Returns whether the payload is the JSON of an object. Keys may occur twice.
pub(crate) fn is_object(payload: &SecretValue) -> bool {
    let text = start(payload, Form::Object);
    text.is_ok_and(|text| parse(text, |json| <&RawValue>::deserialize(json)).is_ok())
}

/// Returns the items of a JSON list with the form of each, `null` included.
///
/// # Errors
/// If the payload is not exactly one JSON list, or is nested more than [`MAX_DEPTH`] deep.
pub(crate) fn list(payload: &SecretValue) -> Result<Vec<Json>, JsonFault> {
    let text = start(payload, Form::List)?;
    let raw = parse(text, |json| json.deserialize_seq(Items))?;
    raw.into_iter().map(|item| Json::read(text, item)).collect()
}

/// One value inside a list or an object.
#[derive(Debug, Clone)]
pub(crate) struct Json {
    pub(crate) form: Form,
    /// The decoded text of a string; for every other value its text as it is written.
    pub(crate) value: SecretValue,
}

impl Json {
    fn read(text: &str, raw: &str) -> Result<Self, JsonFault> {
        let form = Form::of(raw).unwrap_or(Form::Number);
        let value = match form {
            Form::Text => SecretValue::from(mem::take(&mut *string(text, raw)?)),
            _ => SecretValue::from(raw),
        };
        Ok(Self { form, value })
    }
}

/// Returns the payload's text, if it starts like the wanted form.
fn start(payload: &SecretValue, wanted: Form) -> Result<&str, JsonFault> {
    let bytes = payload.expose_bytes(); // to be read as JSON, and no error below repeats it
    let text = std::str::from_utf8(bytes).map_err(|error| JsonFault::not_utf8(bytes, error))?;
    let trimmed = text.trim_start_matches(BLANK);
    match Form::of(trimmed) {
        Some(form) if form == wanted => Ok(text),
        found => Err(JsonFault::other_form(text, offset(text, trimmed), found, wanted)),
    }
}

type Reader<'t> = serde_json::Deserializer<serde_json::de::StrRead<'t>>;

fn parse<'t, T>(
    text: &'t str,
    read: impl FnOnce(&mut Reader<'t>) -> serde_json::Result<T>,
) -> Result<T, JsonFault> {
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = read(&mut json).and_then(|parsed| json.end().map(|()| parsed));
    let parsed = parsed.map_err(|error| JsonFault::syntax(text, &error))?;
    match too_deep(text) {
        None => Ok(parsed),
        Some(at) => Err(JsonFault::at(
            text,
            at,
            format!("lists and objects are nested more than {MAX_DEPTH} deep"),
        )),
    }
}

/// Returns the position at which well-formed JSON is nested too deep. (`serde_json` skips a value without
/// recursion, so it sets no limit.)
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(at);
        }
    }
    None
}

/// Decodes a string that is written in `text`.
fn string(text: &str, raw: &str) -> Result<zeroize::Zeroizing<String>, JsonFault> {
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
    unescape(inner).map_err(|flaw| JsonFault::at(text, offset(text, inner) + flaw.at, flaw.what))
}

/// Returns the position in `text` of a part of it.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(&'de str, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            members.push((key.get(), value.get()));
        }
        Ok(members)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<&RawValue>()? {
            items.push(item.get());
        }
        Ok(items)
    }
}
