//! Reads tokens as what the grammar crate calls values: texts, lists, sets of fields, paths to constants.
//!
//! It walks a cursor rather than syn's expressions: the invisible groups that `macro_rules` leaves around
//! tokens are walked through, Python's dicts are no Rust expressions, and after a mistake reading goes on at
//! the next comma, so that the others are found too.

use proc_macro2::{Delimiter, Ident, TokenTree};
use secrets_spec::{FieldName, Node, Value};
use syn::{Lit, buffer::Cursor, ext::IdentExt as _};

use crate::{
    parse::{
        const_path::ConstPath,
        cursor::{colon, equals, last_span, name, punct, skip, starts_value},
    },
    report::Report,
    span::SourceSpan,
};

/// Reads values; what it cannot read, it reports.
pub struct ValueReader<'a> {
    pub report: &'a mut Report,
    /// The names that a `static` inside the function cannot use: its generic parameters.
    pub generics: &'a [Ident],
}

impl ValueReader<'_> {
    /// Calls `read` for each piece between commas. It gives where it has stopped.
    pub fn pieces<'c>(
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
                    self.expression(at);
                    cursor = skip(cursor);
                    cursor = punct(cursor, ',').unwrap_or(cursor);
                }
            }
        }
    }

    /// Reads `name = value, "name": value, ..`.
    pub fn fields(&mut self, cursor: Cursor<'_>) -> Vec<(FieldName<SourceSpan>, Node<SourceSpan>)> {
        let mut fields = Vec::new();
        self.pieces(cursor, |reader, cursor| {
            let Some((name, after)) = name(cursor) else {
                let at = SourceSpan::of(cursor.span());
                reader.report.add(
                    at,
                    "a field is a name and a value",
                    "write { id = \"prod-db\" }",
                );
                return skip(cursor);
            };
            let Some(after) = equals(after).or_else(|| colon(after)) else {
                let message = format!("the field `{}` has no value", name.text);
                reader.report.add(name.at, message, "write { id = \"prod-db\" }");
                return skip(after);
            };
            let (mut node, after) = reader.value_after(&name, after);
            if name.text == "mount_requirement" {
                name_mount_requirement(&mut node);
            }
            fields.push((name, node));
            after
        });
        fields
    }

    /// Reads the value of `name`, which may be missing.
    pub fn value_after<'c>(
        &mut self,
        name: &FieldName<SourceSpan>,
        cursor: Cursor<'c>,
    ) -> (Node<SourceSpan>, Cursor<'c>) {
        if cursor.eof() || punct(cursor, ',').is_some() {
            let message = format!("the value of `{}` is missing", name.text);
            self.report.add(name.at.clone(), message, format!("write {} = ..", name.text));
            return (Node { value: Value::Broken, at: name.at.clone() }, cursor);
        }
        self.value(cursor)
    }

    /// Reads a value, after which a comma or the end is expected.
    pub fn value<'c>(&mut self, cursor: Cursor<'c>) -> (Node<SourceSpan>, Cursor<'c>) {
        let (node, after) = self.simple_value(cursor);
        if after.eof() || punct(after, ',').is_some() || starts_value(after) {
            return (node, after);
        }
        let at = SourceSpan::between(node.at.start, last_span(after));
        if !matches!(node.value, Value::Broken) {
            self.expression(at.clone());
        }
        (Node { value: Value::Broken, at }, skip(after))
    }

    fn simple_value<'c>(&mut self, cursor: Cursor<'c>) -> (Node<SourceSpan>, Cursor<'c>) {
        if let Some((inside, span, after)) = cursor.group(Delimiter::Bracket) {
            let mut items = Vec::new();
            self.pieces(inside, |reader, cursor| {
                let (node, after) = reader.value(cursor);
                items.push(node);
                after
            });
            return (Node { value: Value::List(items), at: SourceSpan::of(span.join()) }, after);
        }
        if let Some((inside, span, after)) = cursor.group(Delimiter::Brace) {
            let value = Value::Map(self.fields(inside));
            return (Node { value, at: SourceSpan::of(span.join()) }, after);
        }
        if let Some((literal, after)) = cursor.literal() {
            let at = SourceSpan::of(literal.span());
            if is_no_character(&literal.to_string()) {
                return (Node { value: Value::Broken, at }, after);
            }
            let text = match Lit::new(literal) {
                Lit::Str(text) => return (Node { value: Value::Text(text.value()), at }, after),
                Lit::Int(_) | Lit::Float(_) => return (Node { value: Value::Number, at }, after),
                Lit::Char(text) => text.value().to_string(),
                Lit::ByteStr(text) => String::from_utf8_lossy(&text.value()).into_owned(),
                Lit::CStr(text) => text.value().to_string_lossy().into_owned(),
                _ => String::from(".."),
            };
            return self.broken(at, "this is not a text", &format!("write {text:?}"), after);
        }
        if let Some((_, after)) = punct(cursor, '-').and_then(|after| after.literal()) {
            return (Node { value: Value::Number, at: SourceSpan::of(cursor.span()) }, after);
        }
        match ConstPath::read(cursor) {
            Some((path, after)) => self.path(path, after),
            None => {
                let at = SourceSpan::of(cursor.span());
                if punct(cursor, '&').is_some() {
                    return self.broken(
                        at,
                        "a reference is not needed here",
                        "remove the `&`",
                        skip(cursor),
                    );
                }
                if cursor.group(Delimiter::Parenthesis).is_some() {
                    let help =
                        "write a list in brackets, [..], and a set of fields in braces, {..}";
                    return self.broken(at, "parentheses cannot stand here", help, skip(cursor));
                }
                self.expression(at.clone());
                (Node { value: Value::Broken, at }, skip(cursor))
            }
        }
    }

    /// Reads what starts with a path: a constant, `true`, `Secret(..)`; the rest are expressions.
    fn path<'c>(&mut self, path: ConstPath, cursor: Cursor<'c>) -> (Node<SourceSpan>, Cursor<'c>) {
        let at = path.place();
        if let Some((inside, span, after)) = cursor.group(Delimiter::Parenthesis)
            && path.ends_with("Secret")
        {
            let at = SourceSpan::between(at.start, span.close());
            return (self.secret(inside, at), after);
        }
        if let Some((_, span, after)) = cursor.group(Delimiter::Brace)
            && path.ends_with("Secret")
        {
            let at = SourceSpan::between(at.start, span.close());
            let help = "write Secret(group = \"db\", key = \"password\")";
            return self.broken(at, "a request is written with parentheses", help, after);
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
                    return self.broken(at, &message, &format!("write {help}"), cursor);
                }
                "None" | "null" | "nil" => {
                    let message = format!("`{word}` says that there is nothing");
                    return self.broken(at, &message, "leave the field out", cursor);
                }
                _ => {}
            }
        }
        if punct(cursor, '.').is_some() {
            return self.dotted(&path, cursor);
        }
        if !(cursor.eof() || punct(cursor, ',').is_some() || starts_value(cursor))
            || cursor.group(Delimiter::Brace).is_some()
            || cursor.group(Delimiter::Bracket).is_some()
            || cursor.group(Delimiter::Parenthesis).is_some()
        {
            let at = SourceSpan::between(at.start, last_span(cursor));
            if path.to_string().contains("Secret") {
                let help = "write Secret(group = \"db\", key = \"password\"), or make it a constant, `const NAME: Secret = ..;`, and write `NAME`";
                return self.broken(at, "an expression cannot stand here", help, skip(cursor));
            }
            self.expression(at.clone());
            return (Node { value: Value::Broken, at }, skip(cursor));
        }
        if let Some(name) = path.unnameable(self.generics) {
            let constant = path.last();
            let message = format!(
                "`{name}` is known only where the function is, and a static cannot name it: write `Config::{constant}`"
            );
            let help = "write the type's own name before the constant's";
            return self.broken(at, &message, help, cursor);
        }
        (Node { value: Value::Constant, at }, cursor)
    }

    /// Reads what is between the parentheses of `Secret(..)`.
    fn secret(&mut self, inside: Cursor<'_>, at: SourceSpan) -> Node<SourceSpan> {
        let named = |cursor| {
            name(cursor).is_some_and(|(_, after)| equals(after).is_some() || colon(after).is_some())
        };
        if inside.eof() || named(inside) {
            return Node { value: Value::Map(self.fields(inside)), at };
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

    /// Reads a path that goes on with dots, as Python writes one.
    fn dotted<'c>(
        &mut self,
        path: &ConstPath,
        cursor: Cursor<'c>,
    ) -> (Node<SourceSpan>, Cursor<'c>) {
        let start = path.place().start;
        let (mut text, mut rest, mut end) = (path.to_string(), cursor, start);
        while let Some((ident, after)) = punct(rest, '.').and_then(Cursor::ident) {
            text = format!("{text}::{ident}");
            (rest, end) = (after, ident.span());
        }
        let at = SourceSpan::between(start, end);
        if rest.eof() || punct(rest, ',').is_some() {
            let help = format!("write {text}");
            return self.broken(at, "a path in Rust is written with `::`", &help, rest);
        }
        let at = SourceSpan::between(start, last_span(cursor));
        self.expression(at.clone());
        (Node { value: Value::Broken, at }, skip(cursor))
    }

    fn expression(&mut self, at: SourceSpan) {
        let help = "write a text in double quotes, or make it a constant, `const NAME: &str = ..;`, and write `NAME`";
        self.report.add(at, "an expression cannot stand here", help);
    }

    fn broken<'c>(
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

/// `Secret::MountType::FILE` and the like are words of the grammar, not constants.
fn name_mount_requirement(node: &mut Node<SourceSpan>) {
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

/// Whether this is a text in single quotes, as Python writes one. The compiler has said already that it is no
/// character, and a second error for one mistake helps nobody.
fn is_no_character(literal: &str) -> bool {
    let Some(inside) = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) else {
        return false;
    };
    inside.chars().count() != 1 && !inside.starts_with('\\')
}
