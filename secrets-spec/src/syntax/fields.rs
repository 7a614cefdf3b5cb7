//! Helpers that read the fields of a node and report every mistake in them.

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use crate::{
    grammar::flaw::Flaw,
    syntax::{
        diagnostic::Diagnostic,
        node::{FieldName, Node, TextNode, Value},
    },
    text::{edit_distance::closest, escape::excerpt},
};

/// Returns the known fields and reports unknown ones and repetitions. `hint` is the help for an unknown name that is
/// known elsewhere.
pub(crate) fn unique_fields<'a, S: Clone>(
    fields: &'a [(FieldName<S>, Node<S>)],
    noun: &str,
    known: &[&str],
    hint: impl Fn(&str) -> Option<String>,
    out: &mut Vec<Diagnostic<S>>,
) -> Vec<&'a (FieldName<S>, Node<S>)> {
    let mut good: Vec<&(FieldName<S>, Node<S>)> = Vec::new();
    // A type of the user may have any options, and a hostile record very many.
    let known_names: BTreeSet<&str> = known.iter().copied().collect();
    let mut seen = BTreeSet::new();
    for field in fields {
        let name = &field.0;
        if !known_names.contains(name.text.as_str()) {
            let help = hint(&name.text);
            let help = help.unwrap_or_else(|| help_for_unknown(&name.text, noun, known));
            let message = format!("unknown {noun} {}", excerpt(&name.text));
            out.push(Diagnostic::new(name.at.clone(), message, help));
        } else if !seen.insert(name.text.as_str()) {
            out.push(duplicate(noun, name));
        } else {
            good.push(field);
        }
    }
    good
}

/// Returns the help for an unknown field.
fn help_for_unknown(name: &str, noun: &str, known: &[&str]) -> String {
    // `version` is a prefix of two options, and too far from both to count as a typo.
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

/// Returns the diagnostic for the second occurrence of a name.
pub(crate) fn duplicate<S: Clone>(noun: &str, name: &FieldName<S>) -> Diagnostic<S> {
    let message = format!("the {noun} `{}` is given twice", name.text);
    Diagnostic::new(name.at.clone(), message, "remove one of the two")
}

/// Reads a text field whose grammar depends on other fields, or reports that its value is not a text.
pub(crate) fn read_unchecked_text<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<TextNode<S>> {
    if matches!(node.value, Value::Text(_) | Value::Constant) {
        return Some(TextNode::from_node(node));
    }
    let quotes = matches!(node.value, Value::Number(_) | Value::Bool(_));
    let write = match name.text.as_str() {
        "role" => "\"arn:aws:iam::123456789012:role/NAME\"",
        "type" => "\"local\"",
        "region" => "\"us-west-2\"",
        "env_var" | "env_var_name" => "\"DB_PASSWORD\"",
        _ if quotes => IN_QUOTES,
        _ => "\"..\"",
    };
    report_wrong_type(name, node, "a text", write, out);
    None
}

/// Reads a value of `env_vars`. Its help does not depend on the name, which the user chooses.
pub(crate) fn read_inline_value<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<TextNode<S>> {
    if matches!(node.value, Value::Text(_) | Value::Constant) {
        return Some(TextNode::from_node(node));
    }
    let quotes = matches!(node.value, Value::Number(_) | Value::Bool(_));
    report_wrong_type(name, node, "a text", if quotes { IN_QUOTES } else { "\"..\"" }, out);
    None
}

/// The help does not repeat the value, which may be a secret.
const IN_QUOTES: &str = "it in double quotes";

/// Reads a text field and checks the text if it is known.
pub fn read_text<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    check: fn(&str) -> Option<Flaw>,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<TextNode<S>> {
    let text = read_unchecked_text(name, node, out)?;
    if let Some(known) = &text.known
        && let Some(flaw) = check(known)
    {
        out.push(Diagnostic::from_flaw(text.at.clone(), flaw, known));
    }
    Some(text)
}

/// Reads a boolean field.
pub fn read_flag<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    out: &mut Vec<Diagnostic<S>>,
) -> Option<bool> {
    if let Value::Bool(value) = node.value {
        return Some(value);
    }
    let meant = match &node.value {
        Value::Text(text) if text.trim().eq_ignore_ascii_case("false") => "false",
        Value::Text(text) if text.trim().eq_ignore_ascii_case("true") => "true",
        _ => "true or false",
    };
    report_wrong_type(name, node, "true or false", meant, out);
    None
}

/// Reports that the value of a field has the wrong type.
pub(crate) fn report_wrong_type<S: Clone>(
    name: &FieldName<S>,
    node: &Node<S>,
    wanted: &str,
    write: &str,
    out: &mut Vec<Diagnostic<S>>,
) {
    if !matches!(node.value, Value::Broken) {
        let message = format!("`{}` is {wanted}, not {}", name.text, node.value.describe());
        out.push(Diagnostic::new(node.at.clone(), message, format!("write {write}")));
    }
}
