use secrets_spec::{FieldName, Node, Value};
use syn::{Lit, buffer::Cursor};

use crate::{
    parse::{
        const_path::ConstPath,
        cursor::{last_span, punct, skip},
        value_reader::ValueReader,
    },
    span::SourceSpan,
};

/// Reads the value of `refresh_on`: a path to a function. It stands in the function, not in a `static`, and so
/// it may lead through `Self` and type parameters.
pub fn read<'c>(
    name: &FieldName<SourceSpan>,
    cursor: Cursor<'c>,
    reader: &mut ValueReader<'_>,
) -> (Node<SourceSpan>, Cursor<'c>) {
    if is_end(cursor) {
        return reader.value_after(name, cursor);
    }
    let path = ConstPath::read(cursor);
    let (found, help) = match &path {
        Some((path, after)) if is_end(*after) && !is_flag(path) => {
            return (Node { value: Value::Constant, at: path.place() }, *after);
        }
        Some((path, after)) if after.group(proc_macro2::Delimiter::Parenthesis).is_some() => {
            ("a call", instead(&path.tokens().to_string().replace(' ', "")))
        }
        Some((path, after)) if punct(*after, '|').is_some() && path.is_word("move") => {
            ("a closure", instead(EXAMPLE))
        }
        _ => other(cursor),
    };
    let at = SourceSpan::between(cursor.span(), last_span(cursor));
    let message = format!("`{}` is a path to a function, not {found}", name.text);
    reader.report.add(at.clone(), message, help);
    (Node { value: Value::Broken, at }, skip(cursor))
}

/// What stands there if it begins with no path.
fn other(cursor: Cursor<'_>) -> (&'static str, String) {
    if punct(cursor, '|').is_some() {
        return ("a closure", instead(EXAMPLE));
    }
    let Some((literal, _)) = cursor.literal() else { return ("an expression", instead(EXAMPLE)) };
    match Lit::new(literal) {
        Lit::Str(text) if syn::parse_str::<syn::Path>(&text.value()).is_ok() => {
            ("a text", instead(&text.value()))
        }
        Lit::Str(_) => ("a text", instead(EXAMPLE)),
        _ => ("a literal", instead(EXAMPLE)),
    }
}

const EXAMPLE: &str = "is_auth_error";

fn instead(path: &str) -> String {
    let name = path.rsplit("::").next().unwrap_or(path);
    format!(
        "write refresh_on = {path}, with a function `fn {name}(error: &E) -> bool` that tells whether the secrets are to be fetched anew after this error of the step"
    )
}

fn is_end(cursor: Cursor<'_>) -> bool {
    cursor.eof() || punct(cursor, ',').is_some()
}

/// Whether this is a word that is no path.
fn is_flag(path: &ConstPath) -> bool {
    ["true", "false"].iter().any(|word| path.is_word(word))
}
