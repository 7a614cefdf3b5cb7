//! Writes a configuration as JSON into a buffer that is wiped, since it contains the filled-in values.

use zeroize::Zeroizing;

use crate::{
    config::tree::{Kind, Tree},
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
        Kind::Null | Kind::Bool(_) => 5,
        Kind::Number(number) => number.len(),
        Kind::Text(value) => text(value.len()),
        Kind::Filled(value) => text(value.len()),
        Kind::List(items) => 2 + items.iter().map(longest).sum::<usize>(),
        Kind::Map(members) => {
            2 + members
                .iter()
                .map(|(name, tree)| text(name.len()) + 1 + longest(tree))
                .sum::<usize>()
        }
    }
}

fn write(tree: &Tree, to: &mut String) {
    match &tree.kind {
        Kind::Null => to.push_str("null"),
        Kind::Bool(true) => to.push_str("true"),
        Kind::Bool(false) => to.push_str("false"),
        Kind::Number(number) => to.push_str(number),
        Kind::Text(text) => escape::write_json(text, to),
        // Rendering returns text. It is copied into what becomes a secret value too.
        Kind::Filled(value) => escape::write_json(value.expose_str().unwrap_or_default(), to),
        Kind::List(items) => {
            to.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                write(item, to);
            }
            to.push(']');
        }
        Kind::Map(members) => {
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
