//! Reads tokens as values of the grammar: texts, lists, sets of fields, paths to constants.
//!
//! The reader uses a cursor instead of syn's expressions for three reasons: it passes through the invisible groups
//! that `macro_rules` puts around tokens, it accepts Python's dicts, which are not Rust expressions, and after a
//! mistake it continues at the next comma, so that later mistakes are reported too.

use proc_macro2::{Delimiter, Ident, TokenTree};
use secrets_spec::{FieldName, Node, REQUEST_FIELDS, Value, closest};
use syn::{Lit, buffer::Cursor, ext::IdentExt as _};

use crate::{
    mistakes::Mistakes,
    parse::{
        const_path::ConstPath,
        cursor::{colon, equals, field_name, last_span, punct, skip_to_comma, starts_value},
    },
    span::SourceSpan,
};

/// Reads values, and reports tokens that are not values.
pub struct ValueReader<'a> {
    pub report: &'a mut Mistakes,
    /// The generic parameters of the function, which a `static` inside it cannot name.
    pub generics: &'a [Ident],
}

impl ValueReader<'_> {
    /// Calls `read` for each item of a comma-separated list. `read` returns the position after the item.
    pub fn read_comma_separated<'c>(
        &mut self,
        mut cursor: Cursor<'c>,
        mut read: impl FnMut(&mut Self, Cursor<'c>) -> Cursor<'c>,
    ) {
        while !cursor.eof() {
            if let Some(after) = punct(cursor, ',') {
                let help = "remove one of the two, or write what is missing between them";
                self.report.add(
                    SourceSpan::of(cursor.span()),
                    "there is nothing before this comma",
                    help,
                );
                cursor = after;
                continue;
            }
            cursor = read(self, cursor);
            if let Some(after) = punct(cursor, ',') {
                cursor = after;
            } else if !cursor.eof() {
                let at = SourceSpan::of(cursor.span());
                if starts_value(cursor) {
                    self.report.add(
                        at,
                        "a comma is missing before this",
                        "write `,` between the two",
                    );
                } else {
                    self.report_expression(at);
                    cursor = skip_to_comma(cursor);
                    cursor = punct(cursor, ',').unwrap_or(cursor);
                }
            }
        }
    }

    /// Reads fields: `name = value, "name": value, ..`.
    pub fn read_fields(
        &mut self,
        cursor: Cursor<'_>,
    ) -> Vec<(FieldName<SourceSpan>, Node<SourceSpan>)> {
        let mut fields = Vec::new();
        self.read_comma_separated(cursor, |reader, cursor| {
            let Some((name, after)) = field_name(cursor) else {
                let at = SourceSpan::of(cursor.span());
                reader.report.add(
                    at,
                    "a field is a name and a value",
                    "write { id = \"prod-db\" }",
                );
                return skip_to_comma(cursor);
            };
            let Some(after) = equals(after).or_else(|| colon(after)) else {
                let message = format!("the field `{}` has no value", name.text);
                reader.report.add(name.at, message, "write { id = \"prod-db\" }");
                return skip_to_comma(after);
            };
            let (mut node, after) = reader.read_value_after(&name, after);
            if name.text == "mount_requirement" {
                mount_requirement_to_text(&mut node);
            }
            fields.push((name, node));
            after
        });
        fields
    }

    /// Reads the value of `name`, or reports that it is missing.
    pub fn read_value_after<'c>(
        &mut self,
        name: &FieldName<SourceSpan>,
        cursor: Cursor<'c>,
    ) -> (Node<SourceSpan>, Cursor<'c>) {
        if cursor.eof() || punct(cursor, ',').is_some() {
            let message = format!("the value of `{}` is missing", name.text);
            self.report.add(name.at.clone(), message, format!("write {} = ..", name.text));
            return (Node { value: Value::Broken, at: name.at.clone() }, cursor);
        }
        self.read_value(cursor)
    }

    /// Reads a value up to a comma or the end.
    pub fn read_value<'c>(&mut self, cursor: Cursor<'c>) -> (Node<SourceSpan>, Cursor<'c>) {
        let (node, after) = self.read_single_value(cursor);
        if after.eof() || punct(after, ',').is_some() || starts_value(after) {
            return (node, after);
        }
        let at = SourceSpan::between(node.at.start, last_span(after));
        if !matches!(node.value, Value::Broken) {
            self.report_expression(at.clone());
        }
        (Node { value: Value::Broken, at }, skip_to_comma(after))
    }

    fn read_single_value<'c>(&mut self, cursor: Cursor<'c>) -> (Node<SourceSpan>, Cursor<'c>) {
        if let Some((inside, span, after)) = cursor.group(Delimiter::Bracket) {
            let mut items = Vec::new();
            self.read_comma_separated(inside, |reader, cursor| {
                let (node, after) = reader.read_value(cursor);
                items.push(node);
                after
            });
            return (Node { value: Value::List(items), at: SourceSpan::of(span.join()) }, after);
        }
        if let Some((inside, span, after)) = cursor.group(Delimiter::Brace) {
            let value = Value::Map(self.read_fields(inside));
            return (Node { value, at: SourceSpan::of(span.join()) }, after);
        }
        if let Some((literal, after)) = cursor.literal() {
            let at = SourceSpan::of(literal.span());
            if is_single_quoted_text(&literal.to_string()) {
                return (Node { value: Value::Broken, at }, after);
            }
            let text = match Lit::new(literal) {
                Lit::Str(text) => return (Node { value: Value::Text(text.value()), at }, after),
                Lit::Int(number) => {
                    let value = Value::Number(number.base10_parse().ok());
                    return (Node { value, at }, after);
                }
                Lit::Float(_) => return (Node { value: Value::Number(None), at }, after),
                Lit::Char(text) => text.value().to_string(),
                Lit::ByteStr(text) => String::from_utf8_lossy(&text.value()).into_owned(),
                Lit::CStr(text) => text.value().to_string_lossy().into_owned(),
                _ => String::from(".."),
            };
            return self.report_broken(at, "this is not a text", &format!("write {text:?}"), after);
        }
        if let Some((_, after)) = punct(cursor, '-').and_then(|after| after.literal()) {
            return (Node { value: Value::Number(None), at: SourceSpan::of(cursor.span()) }, after);
        }
        match ConstPath::read(cursor) {
            Some((path, after)) => self.read_path(path, after),
            None => {
                let at = SourceSpan::of(cursor.span());
                if punct(cursor, '&').is_some() {
                    return self.report_broken(
                        at,
                        "a reference is not needed here",
                        "remove the `&`",
                        skip_to_comma(cursor),
                    );
                }
                if cursor.group(Delimiter::Parenthesis).is_some() {
                    let help =
                        "write a list in brackets, [..], and a set of fields in braces, {..}";
                    return self.report_broken(
                        at,
                        "parentheses cannot stand here",
                        help,
                        skip_to_comma(cursor),
                    );
                }
                self.report_expression(at.clone());
                (Node { value: Value::Broken, at }, skip_to_comma(cursor))
            }
        }
    }

    /// Reads a value that starts with a path: a constant, `true`, `false` or `Secret(..)`.
    fn read_path<'c>(
        &mut self,
        path: ConstPath,
        cursor: Cursor<'c>,
    ) -> (Node<SourceSpan>, Cursor<'c>) {
        let at = path.span();
        if let Some((inside, span, after)) = cursor.group(Delimiter::Parenthesis)
            && (path.ends_with("Secret") || is_nearly_secret(&path) || has_request_field(inside))
        {
            if !path.ends_with("Secret") {
                let help = match is_nearly_secret(&path) {
                    true => "did you mean `Secret`?",
                    false => "write Secret(group = \"db\", key = \"password\")",
                };
                self.report.add(at.clone(), format!("`{path}` is not a request"), help);
            }
            // The parts are still read, so that mistakes in them are reported too.
            let at = SourceSpan::between(at.start, span.close());
            return (self.read_request(inside, at), after);
        }
        if let Some((_, span, after)) = cursor.group(Delimiter::Brace)
            && (path.ends_with("Secret") || is_nearly_secret(&path))
        {
            let at = SourceSpan::between(at.start, span.close());
            let help = "write Secret(group = \"db\", key = \"password\")";
            return self.report_broken(at, "a request is written with parentheses", help, after);
        }
        if let Some(word) = path.word()
            && cursor.group(Delimiter::Parenthesis).is_none()
        {
            match word.as_str() {
                "true" | "false" => {
                    return (Node { value: Value::Bool(word == "true"), at }, cursor);
                }
                "True" | "False" => {
                    let (message, help) = (format!("Rust has no `{word}`"), word.to_lowercase());
                    return self.report_broken(at, &message, &format!("write {help}"), cursor);
                }
                "None" | "null" | "nil" => {
                    let message = format!("`{word}` says that there is nothing");
                    return self.report_broken(at, &message, "leave the field out", cursor);
                }
                _ => {}
            }
        }
        if punct(cursor, '.').is_some() {
            return self.report_dotted_path(&path, cursor);
        }
        if !(cursor.eof() || punct(cursor, ',').is_some() || starts_value(cursor))
            || cursor.group(Delimiter::Brace).is_some()
            || cursor.group(Delimiter::Bracket).is_some()
            || cursor.group(Delimiter::Parenthesis).is_some()
        {
            let at = SourceSpan::between(at.start, last_span(cursor));
            if path.to_string().contains("Secret") {
                let help = "write Secret(group = \"db\", key = \"password\"), or make it a constant, `const NAME: Secret = ..;`, and write `NAME`";
                return self.report_broken(
                    at,
                    "an expression cannot stand here",
                    help,
                    skip_to_comma(cursor),
                );
            }
            self.report_expression(at.clone());
            return (Node { value: Value::Broken, at }, skip_to_comma(cursor));
        }
        if let Some(name) = path.unnameable(self.generics) {
            let constant = path.last();
            let message = format!(
                "`{name}` is known only where the function is, and a static cannot name it: write `Config::{constant}`"
            );
            let help = "write the type's own name before the constant's";
            return self.report_broken(at, &message, help, cursor);
        }
        (Node { value: Value::Constant, at }, cursor)
    }

    /// Reads the arguments of `Secret(..)`.
    fn read_request(&mut self, inside: Cursor<'_>, at: SourceSpan) -> Node<SourceSpan> {
        let named = |cursor| {
            field_name(cursor)
                .is_some_and(|(_, after)| equals(after).is_some() || colon(after).is_some())
        };
        if inside.eof() || named(inside) {
            return Node { value: Value::Map(self.read_fields(inside)), at };
        }
        let mut texts: Vec<String> = Vec::new();
        let mut cursor = inside;
        while !cursor.eof() {
            let mut text = String::new();
            while punct(cursor, ',').is_none()
                && let Some((tree, after)) = cursor.token_tree()
            {
                text.push_str(&tree.to_string());
                cursor = after;
            }
            texts.push(text);
            cursor = punct(cursor, ',').unwrap_or(cursor);
        }
        let part = |index: usize| texts.get(index).map_or("..", String::as_str);
        let help = format!("write Secret(group = {}, key = {})", part(0), part(1));
        self.report.add(at.clone(), "the parts of a request have names", help);
        Node { value: Value::Broken, at }
    }

    /// Reports a path with dots, as in Python.
    fn report_dotted_path<'c>(
        &mut self,
        path: &ConstPath,
        cursor: Cursor<'c>,
    ) -> (Node<SourceSpan>, Cursor<'c>) {
        let start = path.span().start;
        let (mut text, mut rest, mut end) = (path.to_string(), cursor, start);
        while let Some((ident, after)) = punct(rest, '.').and_then(Cursor::ident) {
            text = format!("{text}::{ident}");
            (rest, end) = (after, ident.span());
        }
        let at = SourceSpan::between(start, end);
        if rest.eof() || punct(rest, ',').is_some() {
            let help = format!("write {text}");
            return self.report_broken(at, "a path in Rust is written with `::`", &help, rest);
        }
        if text.ends_with("::Secret") && rest.group(Delimiter::Parenthesis).is_some() {
            let help = "write Secret(..) alone, without the module of Python";
            let message = "a path in Rust is written with `::`";
            return self.report_broken(at, message, help, skip_to_comma(rest));
        }
        let at = SourceSpan::between(start, last_span(cursor));
        self.report_expression(at.clone());
        (Node { value: Value::Broken, at }, skip_to_comma(cursor))
    }

    fn report_expression(&mut self, at: SourceSpan) {
        let help = "write a text in double quotes, or make it a constant, `const NAME: &str = ..;`, and write `NAME`";
        self.report.add(at, "an expression cannot stand here", help);
    }

    fn report_broken<'c>(
        &mut self,
        at: SourceSpan,
        message: &str,
        help: &str,
        after: Cursor<'c>,
    ) -> (Node<SourceSpan>, Cursor<'c>) {
        self.report.add(at.clone(), message, help);
        (Node { value: Value::Broken, at }, after)
    }
}

/// Whether a path may be a misspelled `Secret`.
fn is_nearly_secret(path: &ConstPath) -> bool {
    closest(&path.last(), ["Secret"]).is_some()
}

/// Whether the first of these parts has the name of a part of a request, and a value.
fn has_request_field(parts: Cursor<'_>) -> bool {
    field_name(parts).is_some_and(|(name, after)| {
        REQUEST_FIELDS.contains(&name.text.as_str())
            && (equals(after).is_some() || colon(after).is_some())
    })
}

/// Turns the path `Secret::MountType::FILE` into a text, since it is a word of the grammar and not a constant.
fn mount_requirement_to_text(node: &mut Node<SourceSpan>) {
    if let (Value::Constant, Some(tokens)) = (&node.value, &node.at.path) {
        let mut words: Vec<String> = Vec::new();
        for tree in tokens.clone() {
            if let TokenTree::Ident(ident) = tree {
                words.push(ident.unraw().to_string());
            }
        }
        let from = words.iter().position(|word| word == "MountType").unwrap_or(0);
        node.value = Value::Text(words[from..].join("::"));
    }
}

/// Whether the literal is a text in single quotes, as in Python. The compiler has reported that it is not a `char`,
/// so a second error is not needed.
fn is_single_quoted_text(literal: &str) -> bool {
    let Some(inside) = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) else {
        return false;
    };
    inside.chars().count() != 1 && !inside.starts_with('\\')
}
