//! The tables `[sources.NAME]` of `secrets.toml`, and `SECRETS_SOURCES`: which secret a source of the code is in this
//! deployment.

use std::{collections::BTreeMap, ops::Range};

use secrets_spec::{Diagnostic, FieldName, Node, SourcePatch, SpecError, Value, read_json};
use toml::{Spanned, de::DeValue};

use crate::{
    core::escape::escape_name,
    settings::{error::SettingError, values::Read},
};

/// Parses the text of `SECRETS_SOURCES`: an object whose members are the tables. It may contain values of `inline`,
/// so problems quote names only, and say the position as a byte number.
pub(super) fn parse(text: &str) -> Read<BTreeMap<String, SourcePatch>> {
    let malformed = |error: SpecError| {
        let message = format!("{}, at byte {}", error.message(), error.range().start);
        vec![SettingError { message, ..error.into() }]
    };
    let node = read_json(text).map_err(malformed)?;
    let Value::Map(fields) = &node.value else {
        let message = format!("it is an object of sources, not {}", node.value.describe());
        let help = r#"write {"prod-db": {"type": "local", "id": "db"}}"#;
        return Err(vec![SettingError::new(message, help)]);
    };
    let (mut sources, mut wrongs) = (BTreeMap::new(), Vec::new());
    for (name, node) in fields {
        let mut diagnostics: Vec<Diagnostic<Range<usize>>> = Vec::new();
        let patch = SourcePatch::read(node, &mut diagnostics);
        wrongs.extend(diagnostics.into_iter().map(|Diagnostic { at, message, help, .. }| {
            let message = format!("{message}, at byte {}", at.start);
            SettingError { message, help, ..SettingError::default() }
        }));
        if name.text.is_empty() {
            let help = "write the text of a source as the name of its target";
            wrongs.push(SettingError::new("a source without a name", help));
        } else if let Some(patch) = patch
            && sources.insert(name.text.clone(), patch).is_some()
        {
            let message = format!("the source `{}` is given twice", escape_name(&name.text));
            wrongs.push(SettingError::new(message, "remove one of the two"));
        }
    }
    if wrongs.is_empty() { Ok(sources) } else { Err(wrongs) }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_sources_is_read_from_json() {
        let text = r#"{"prod-db":{"type":"file","id":"db","kubernetes_secret":"prod-db"},"api":"env.TOKEN"}"#;
        let sources = parse(text).expect("it is valid");
        assert_eq!(sources["prod-db"].kubernetes_secret(), Some("prod-db"));
        assert_eq!(sources["api"].id(), Some("TOKEN"));
        assert!(parse("{}").expect("it is valid").is_empty());
    }

    #[test]
    fn every_mistake_is_reported_without_a_value() {
        for (text, count) in [
            ("", 1),
            ("[]", 1),
            ("{\"a\":", 1),
            (r#"{"":"b","a":{},"c":{"type":"lokal","id":"SeN"}}"#, 3),
            (r#"{"a":"b","a":"c"}"#, 1),
            (r#"{"a":{"type":"inline","options":{"env_vars":{"A":SeNtInEl}}}}"#, 1),
            (r#"{"a":{"id":"b","group":"c"}}"#, 1),
            (r#"{"a":{"id":"b","kubernetes_secret":"c"}}"#, 1),
            (r#"{"a":{"type":"file","kubernetes_secret":"A b"}}"#, 2),
            (r#"{"a":{"type":"file","id":"b","kubernetes_secret":1}}"#, 1),
        ] {
            let wrongs = parse(text).expect_err(text);
            assert_eq!(wrongs.len(), count, "{text}: {wrongs:?}");
            assert!(!format!("{wrongs:?}").contains("SeNtInEl"), "{wrongs:?}");
        }
    }
}
