use proc_macro2::{Delimiter, Spacing, Span};
use secrets_spec::FieldName;
use syn::{Lit, buffer::Cursor, ext::IdentExt as _};

use crate::span::SourceSpan;

/// Reads the name of a field: an identifier, or a text as in Python.
pub fn field_name(cursor: Cursor<'_>) -> Option<(FieldName<SourceSpan>, Cursor<'_>)> {
    if let Some((ident, after)) = cursor.ident() {
        let at = SourceSpan::of(ident.span());
        return Some((FieldName { text: ident.unraw().to_string(), at }, after));
    }
    let (literal, after) = cursor.literal()?;
    let at = SourceSpan::of(literal.span());
    match Lit::new(literal) {
        Lit::Str(text) => Some((FieldName { text: text.value(), at }, after)),
        _ => None,
    }
}

/// Steps over `=`, but not over `==` or `=>`.
pub fn equals(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let (punct, after) = cursor.punct()?;
    let alone = punct.spacing() == Spacing::Alone || !matches!(next_char(after), Some('=' | '>'));
    (punct.as_char() == '=' && alone).then_some(after)
}

/// Steps over `:`, but not over `::`.
pub fn colon(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let (punct, after) = cursor.punct()?;
    let alone = punct.spacing() == Spacing::Alone || next_char(after) != Some(':');
    (punct.as_char() == ':' && alone).then_some(after)
}

/// Steps over this punctuation character.
pub fn punct(cursor: Cursor<'_>, wanted: char) -> Option<Cursor<'_>> {
    let (punct, after) = cursor.punct()?;
    (punct.as_char() == wanted).then_some(after)
}

/// Steps to the next comma, or to the end.
pub fn skip_to_comma(mut cursor: Cursor<'_>) -> Cursor<'_> {
    while punct(cursor, ',').is_none()
        && let Some((_, after)) = cursor.token_tree()
    {
        cursor = after;
    }
    cursor
}

fn next_char(cursor: Cursor<'_>) -> Option<char> {
    cursor.punct().map(|(punct, _)| punct.as_char())
}

/// Whether a value can start here.
pub fn starts_value(cursor: Cursor<'_>) -> bool {
    cursor.literal().is_some()
        || cursor.ident().is_some()
        || cursor.group(Delimiter::Bracket).is_some()
        || cursor.group(Delimiter::Brace).is_some()
}

/// Returns the span of the last token before the next comma.
pub fn last_span(mut cursor: Cursor<'_>) -> Span {
    let mut span = cursor.span();
    while punct(cursor, ',').is_none()
        && let Some((tree, after)) = cursor.token_tree()
    {
        span = tree.span();
        cursor = after;
    }
    span
}
