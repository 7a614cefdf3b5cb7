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
        let message = format!("this is not valid TOML: {}", error.message().replace('\n', ", "));
        unreadable(at, &message, "write `key = \"text\"`, one on a line, and tables such as [name]")
    })?;
    Ok(Tree { kind: map(root.get_ref(), text)?, at: 0..text.len() })
}

fn tree(value: &Spanned<DeValue<'_>>, text: &str) -> Result<Tree, Error> {
    let kind = match value.get_ref() {
        DeValue::String(value) => NodeKind::Text(value.to_string()),
        DeValue::Integer(number) => integer(number).ok_or_else(|| {
            let at = LineColumn::of(text, value.span().start);
            unreadable(
                at,
                "this is not valid TOML: a number has no digits, or too many",
                "write a number, or a text in quotes",
            )
        })?,
        DeValue::Float(value) => float(value),
        DeValue::Boolean(value) => NodeKind::Bool(*value),
        DeValue::Datetime(value) => NodeKind::Text(value.to_string()),
        DeValue::Array(items) => {
            NodeKind::List(items.iter().map(|item| tree(item, text)).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => map(table, text)?,
    };
    Ok(Tree { kind, at: value.span() })
}

fn map(table: &DeTable<'_>, text: &str) -> Result<NodeKind, Error> {
    let member = |(name, value): (&Spanned<_>, _)| {
        let name: &std::borrow::Cow<'_, str> = name.get_ref();
        Ok((name.to_string(), tree(value, text)?))
    };
    Ok(NodeKind::Map(table.iter().map(member).collect::<Result<_, Error>>()?))
}

/// Converts to decimal, the only form of integers in JSON. Returns `None` if there are no digits, as in `0x`, which the
/// parser lets pass.
fn integer(value: &DeInteger<'_>) -> Option<NodeKind> {
    let number = i128::from_str_radix(value.as_str(), value.radix()).ok()?;
    Some(NodeKind::Number(number.to_string()))
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
