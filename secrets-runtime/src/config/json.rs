use std::ops::Range;

use secrets_spec::{Node, Value, read_json};

use crate::{
    config::tree::{NodeKind, Tree, members, unreadable},
    core::{error::Error, line_column::LineColumn},
};

const HELP: &str = "write JSON: names and texts in double quotes, brackets and braces closed";

pub(super) fn read(text: &str) -> Result<Tree, Error> {
    // Some editors write a byte order mark, which is not JSON. A space in its place keeps the positions in lines.
    if let Some(rest) = text.strip_prefix('\u{FEFF}') {
        return read(&format!("   {rest}"));
    }
    // The reader's own message would quote the text, which may contain anything.
    let node = read_json(text).map_err(|error| {
        unreadable(LineColumn::of(text, error.range().start), "this is not valid JSON", HELP)
    })?;
    tree(node, text)
}

fn tree(node: Node<Range<usize>>, text: &str) -> Result<Tree, Error> {
    let at = node.at.clone();
    let kind = match node.value {
        Value::Null => NodeKind::Null,
        Value::Bool(value) => NodeKind::Bool(value),
        Value::Number(_) => {
            NodeKind::Number(text.get(node.at).unwrap_or_default().trim().to_owned())
        }
        Value::Text(value) => NodeKind::Text(value),
        Value::List(items) => NodeKind::List(
            items.into_iter().map(|item| tree(item, text)).collect::<Result<_, _>>()?,
        ),
        Value::Map(fields) => {
            let member = |(name, node): (secrets_spec::FieldName<Range<usize>>, _)| {
                Ok((name.text, name.at.start, tree(node, text)?))
            };
            let read = fields.into_iter().map(member).collect::<Result<_, Error>>()?;
            members(read, |at| LineColumn::of(text, at))?
        }
        _ => {
            return Err(unreadable(LineColumn::of(text, at.start), "this is not valid JSON", HELP));
        }
    };
    Ok(Tree { kind, at })
}
