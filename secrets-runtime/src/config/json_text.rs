//! Writes a configuration as JSON into a buffer that is wiped, since it contains the filled-in values.

use zeroize::Zeroizing;

use crate::{
    config::tree::{NodeKind, Tree},
    core::{escape, secret_value::SecretValue},
};

pub(super) fn of(tree: &Tree) -> SecretValue {
    // The buffer never grows: growing would leave a copy that is not wiped.
    let mut json = Zeroizing::new(String::with_capacity(longest(tree)));
    write(tree, &mut json);
    SecretValue::from(json)
}

/// Returns the most bytes that the tree can become, with a comma after it.
fn longest(tree: &Tree) -> usize {
    let text = escape::longest_json;
    1 + match &tree.kind {
        NodeKind::Null | NodeKind::Bool(_) => 5,
        NodeKind::Number(number) => number.len(),
        NodeKind::Text(value) => text(value.len()),
        NodeKind::Filled(value) => text(value.len()),
        NodeKind::List(items) => 2 + items.iter().map(longest).sum::<usize>(),
        NodeKind::Map(members) => {
            2 + members
                .iter()
                .map(|(name, tree)| text(name.len()) + 1 + longest(tree))
                .sum::<usize>()
        }
    }
}

fn write(tree: &Tree, to: &mut String) {
    match &tree.kind {
        NodeKind::Null => to.push_str("null"),
        NodeKind::Bool(true) => to.push_str("true"),
        NodeKind::Bool(false) => to.push_str("false"),
        NodeKind::Number(number) => to.push_str(number),
        NodeKind::Text(text) => escape::write_json(text, to),
        // Rendering returns text. It is copied into what becomes a secret value too.
        NodeKind::Filled(value) => escape::write_json(value.expose_str().unwrap_or_default(), to),
        NodeKind::List(items) => {
            to.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                write(item, to);
            }
            to.push(']');
        }
        NodeKind::Map(members) => {
            to.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                escape::write_json(name, to);
                to.push(':');
                write(member, to);
            }
            to.push('}');
        }
    }
}
