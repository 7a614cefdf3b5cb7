//! The tables `[sources.NAME]` of `secrets.toml`: which secret a source of the code is in this deployment.

use secrets_spec::{Diagnostic, FieldName, Node, SourcePatch, Value};
use toml::{Spanned, de::DeValue};

/// Reads the target of a mapping.
pub(super) fn read(
    value: &Spanned<DeValue<'_>>,
    diagnostics: &mut Vec<Diagnostic<usize>>,
) -> Option<SourcePatch> {
    SourcePatch::read(&node(value), diagnostics)
}

/// Converts a value of TOML into a node of the grammar. Its position is that of its first byte.
fn node(value: &Spanned<DeValue<'_>>) -> Node<usize> {
    let at = value.span().start;
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Array(items) => Value::List(items.iter().map(node).collect()),
        DeValue::Table(table) => Value::Map(
            table
                .iter()
                .map(|(name, value)| {
                    let (text, at) = (name.get_ref().clone().into_owned(), name.span().start);
                    (FieldName { text, at }, node(value))
                })
                .collect(),
        ),
        DeValue::Integer(number) => Value::Number(number.to_string().parse().ok()),
        // No field accepts a fraction or a date.
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Number(None),
    };
    Node { value, at }
}
