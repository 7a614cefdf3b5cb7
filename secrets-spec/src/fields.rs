//! The fields of what was written: which exist, and what their values are.

use alloc::{format, string::String, vec::Vec};

use crate::{Complaint, Flaw, Name, Node, Text, Value, closest, flaw::excerpt};

pub(crate) type Complaints<'a, S> = &'a mut Vec<Complaint<S>>;

/// The fields of a source.
pub const SOURCE_FIELDS: &[&str] = &["id", "type", "options", "role", "group"];
/// The options of a source.
pub const OPTION_FIELDS: &[&str] =
    &["json", "env_var_name", "region", "version_id", "version_stage", "required", "env_vars"];

/// The fields of a request.
pub const REQUEST_FIELDS: &[&str] =
    &["group", "key", "group_version", "mount_requirement", "env_var"];

/// The fields that exist and come for the first time; the others are complained about.
pub(crate) fn once_each<'a, S: Clone>(
    fields: &'a [(Name<S>, Node<S>)],
    noun: &str,
    known: &[&'static str],
    out: Complaints<'_, S>,
) -> Vec<&'a (Name<S>, Node<S>)> {
    let mut good: Vec<&(Name<S>, Node<S>)> = Vec::new();
    for field in fields {
        let name = &field.0;
        if !known.contains(&name.text.as_str()) {
            let help = unknown(&name.text, noun, known);
            let message = format!("unknown {noun} {}", excerpt(&name.text));
            out.push(Complaint::new(name.at.clone(), message, help));
        } else if good.iter().any(|(other, _)| other.text == name.text) {
            out.push(twice(noun, name));
        } else {
            good.push(field);
        }
    }
    good
}

/// What to write instead of a field that does not exist.
fn unknown(name: &str, noun: &str, known: &[&'static str]) -> String {
    // `version` is short for two options, and is nearer to none of them than a slip would be.
    let longer: Vec<String> = known
        .iter()
        .filter(|known| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('_')))
        .map(|known| format!("`{known}`"))
        .collect();
    if !longer.is_empty() {
        return format!("did you mean {}?", longer.join(" or "));
    }
    match closest(name, known.iter().copied()) {
        Some(better) => format!("did you mean `{better}`?"),
        None => format!("the {noun}s are {}", known.join(", ")),
    }
}

pub(crate) fn twice<S: Clone>(noun: &str, name: &Name<S>) -> Complaint<S> {
    let message = format!("the {noun} `{}` is given twice", name.text);
    Complaint::new(name.at.clone(), message, "remove one of the two")
}

pub(crate) fn text_of<S: Clone>(node: &Node<S>) -> Text<S> {
    let known = match &node.value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    Text { known, at: node.at.clone() }
}

pub(crate) fn text<S: Clone>(
    name: &Name<S>,
    node: &Node<S>,
    out: Complaints<'_, S>,
) -> Option<Text<S>> {
    if matches!(node.value, Value::Text(_) | Value::Constant) {
        return Some(text_of(node));
    }
    let quotes = matches!(node.value, Value::Number | Value::Bool(_));
    let write = match name.text.as_str() {
        "role" => "\"arn:aws:iam::123456789012:role/NAME\"",
        "type" => "\"local\"",
        "region" => "\"us-west-2\"",
        "env_var" | "env_var_name" => "\"DB_PASSWORD\"",
        _ if quotes => IN_QUOTES,
        _ => "\"..\"",
    };
    wrong_type(name, node, "a text", write, out);
    None
}

/// A value of `env_vars`, which any name may have.
pub(crate) fn variable_text<S: Clone>(
    name: &Name<S>,
    node: &Node<S>,
    out: Complaints<'_, S>,
) -> Option<Text<S>> {
    if matches!(node.value, Value::Text(_) | Value::Constant) {
        return Some(text_of(node));
    }
    let quotes = matches!(node.value, Value::Number | Value::Bool(_));
    wrong_type(name, node, "a text", if quotes { IN_QUOTES } else { "\"..\"" }, out);
    None
}

/// The value itself is not repeated: it may be a secret.
const IN_QUOTES: &str = "it in double quotes";

/// Reads the text of a field, and checks it where it is known.
pub fn read_text<S: Clone>(
    name: &Name<S>,
    node: &Node<S>,
    check: fn(&str) -> Option<Flaw>,
    out: Complaints<'_, S>,
) -> Option<Text<S>> {
    let text = text(name, node, out)?;
    if let Some(known) = &text.known
        && let Some(flaw) = check(known)
    {
        out.push(flawed(&text, known, flaw));
    }
    Some(text)
}

/// Reads a field that is true or false.
pub fn read_flag<S: Clone>(name: &Name<S>, node: &Node<S>, out: Complaints<'_, S>) -> Option<bool> {
    if let Value::Bool(value) = node.value {
        return Some(value);
    }
    let meant = match &node.value {
        Value::Text(text) if text.trim().eq_ignore_ascii_case("false") => "false",
        Value::Text(text) if text.trim().eq_ignore_ascii_case("true") => "true",
        _ => "true or false",
    };
    wrong_type(name, node, "true or false", meant, out);
    None
}

pub(crate) fn wrong_type<S: Clone>(
    name: &Name<S>,
    node: &Node<S>,
    wanted: &str,
    write: &str,
    out: Complaints<'_, S>,
) {
    if !matches!(node.value, Value::Broken) {
        let message = format!("`{}` is {wanted}, not {}", name.text, node.value.describe());
        out.push(Complaint::new(node.at.clone(), message, format!("write {write}")));
    }
}

pub(crate) fn flawed<S: Clone>(text: &Text<S>, known: &str, flaw: Flaw) -> Complaint<S> {
    Complaint::of_error(text.at.clone(), &flaw.explain(known))
}
