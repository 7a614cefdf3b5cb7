use secrets_spec::{FieldName, Node, Value};
use syn::{Lit, buffer::Cursor};

use crate::{
    parse::{
        const_path::ConstPath,
        cursor::{last_span, punct, skip_to_comma},
        value_reader::ValueReader,
    },
    span::SourceSpan,
};

/// Reads the value of `refresh_on`: a path to a function. The expansion uses it in the body and not in a `static`,
/// so it may contain `Self` and type parameters.
pub fn read<'c>(
    name: &FieldName<SourceSpan>,
    cursor: Cursor<'c>,
    reader: &mut ValueReader<'_>,
) -> (Node<SourceSpan>, Cursor<'c>) {
    if is_end(cursor) {
        return reader.read_value_after(name, cursor);
    }
    let path = ConstPath::read(cursor);
    let (found, help) = match &path {
        Some((path, after)) if is_end(*after) && !is_bool(path) => {
            return (Node { value: Value::Constant, at: path.span() }, *after);
        }
        Some((path, after)) if after.group(proc_macro2::Delimiter::Parenthesis).is_some() => {
            ("a call", help_with_path(&path.tokens().to_string().replace(' ', "")))
        }
        Some((path, after)) if punct(*after, '|').is_some() && path.is_word("move") => {
            ("a closure", help_with_path(EXAMPLE))
        }
        _ => describe_other(cursor),
    };
    let at = SourceSpan::between(cursor.span(), last_span(cursor));
    let message = format!("`{}` is a path to a function, not {found}", name.text);
    reader.report.add(at.clone(), message, help);
    (Node { value: Value::Broken, at }, skip_to_comma(cursor))
}

/// Returns what the value is and what to write instead, if it does not start with a path.
fn describe_other(cursor: Cursor<'_>) -> (&'static str, String) {
    if punct(cursor, '|').is_some() {
        return ("a closure", help_with_path(EXAMPLE));
    }
    let Some((literal, _)) = cursor.literal() else {
        return ("an expression", help_with_path(EXAMPLE));
    };
    match Lit::new(literal) {
        Lit::Str(text) if syn::parse_str::<syn::Path>(&text.value()).is_ok() => {
            ("a text", help_with_path(&text.value()))
        }
        Lit::Str(_) => ("a text", help_with_path(EXAMPLE)),
        _ => ("a literal", help_with_path(EXAMPLE)),
    }
}

const EXAMPLE: &str = "is_auth_error";

fn help_with_path(path: &str) -> String {
    let name = path.rsplit("::").next().unwrap_or(path);
    format!(
        "write refresh_on = {path}, with a function `fn {name}(error: &E) -> bool` that returns whether the secrets are fetched again after this error of the step"
    )
}

fn is_end(cursor: Cursor<'_>) -> bool {
    cursor.eof() || punct(cursor, ',').is_some()
}

/// Whether this is a boolean, which looks like a path.
fn is_bool(path: &ConstPath) -> bool {
    ["true", "false"].iter().any(|word| path.is_word(word))
}
