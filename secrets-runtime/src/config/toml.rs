use toml::{
    Spanned,
    de::{DeFloat, DeInteger, DeTable, DeValue},
};

use crate::{
    config::tree::{NodeKind, Tree, unreadable},
    core::{error::Error, line_column::LineColumn},
};

pub(super) fn read(text: &str) -> Result<Tree, Error> {
    let root = DeTable::parse(text).map_err(|error| {
        let at = LineColumn::of(text, error.span().map_or(0, |span| span.start));
        // The error's Display would quote the line; its message says only what the syntax expects.
        let message = format!("it is no TOML here: {}", error.message().replace('\n', ", "));
        unreadable(at, &message, "write `key = \"text\"`, one on a line, and tables such as [name]")
    })?;
    Ok(Tree { kind: map(root.get_ref()), at: 0..text.len() })
}

fn tree(value: &Spanned<DeValue<'_>>) -> Tree {
    let kind = match value.get_ref() {
        DeValue::String(value) => NodeKind::Text(value.to_string()),
        DeValue::Integer(value) => integer(value),
        DeValue::Float(value) => float(value),
        DeValue::Boolean(value) => NodeKind::Bool(*value),
        DeValue::Datetime(value) => NodeKind::Text(value.to_string()),
        DeValue::Array(items) => NodeKind::List(items.iter().map(tree).collect()),
        DeValue::Table(table) => map(table),
    };
    Tree { kind, at: value.span() }
}

fn map(table: &DeTable<'_>) -> NodeKind {
    NodeKind::Map(
        table.iter().map(|(name, value)| (name.get_ref().to_string(), tree(value))).collect(),
    )
}

/// Converts to decimal, the only form of integers in JSON.
fn integer(value: &DeInteger<'_>) -> NodeKind {
    match i128::from_str_radix(value.as_str(), value.radix()) {
        Ok(number) => NodeKind::Number(number.to_string()),
        Err(_) => NodeKind::Text(value.as_str().to_owned()),
    }
}

/// JSON has neither infinity nor NaN: these stay texts, which a field of a floating-point type can read.
fn float(value: &DeFloat<'_>) -> NodeKind {
    match value.as_str().parse::<f64>() {
        Ok(number) if number.is_finite() => {
            let text = value.as_str().trim_start_matches('+');
            NodeKind::Number(text.to_owned())
        }
        _ => NodeKind::Text(value.as_str().to_owned()),
    }
}
