//! A configuration as JSON, in a buffer that is wiped: what is filled in is in it.

use zeroize::Zeroizing;

use crate::{
    config::tree::{Kind, Tree},
    core::secret_value::SecretValue,
};

pub(super) fn of(tree: &Tree) -> SecretValue {
    // It never grows: growing would leave a copy that is not wiped.
    let mut json = Zeroizing::new(Vec::with_capacity(longest(tree)));
    write(tree, &mut json);
    SecretValue::from(std::mem::take(&mut *json))
}

/// The most bytes that it can become, with a comma behind it.
fn longest(tree: &Tree) -> usize {
    let text = |length: usize| 6 * length + 2;
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

fn write(tree: &Tree, to: &mut Vec<u8>) {
    match &tree.kind {
        Kind::Null => to.extend_from_slice(b"null"),
        Kind::Bool(true) => to.extend_from_slice(b"true"),
        Kind::Bool(false) => to.extend_from_slice(b"false"),
        Kind::Number(number) => to.extend_from_slice(number.as_bytes()),
        Kind::Text(text) => write_text(text, to),
        // Rendering gives text; it goes into what becomes a value itself.
        Kind::Filled(value) => write_text(value.expose_str().unwrap_or_default(), to),
        Kind::List(items) => {
            to.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    to.push(b',');
                }
                write(item, to);
            }
            to.push(b']');
        }
        Kind::Map(members) => {
            to.push(b'{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    to.push(b',');
                }
                write_text(name, to);
                to.push(b':');
                write(member, to);
            }
            to.push(b'}');
        }
    }
}

fn write_text(text: &str, to: &mut Vec<u8>) {
    // Writing a text into memory cannot fail.
    let _ = serde_json::to_writer(to, text);
}
