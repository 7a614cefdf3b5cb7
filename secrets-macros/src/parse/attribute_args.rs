use proc_macro2::{Delimiter, TokenStream};
use secrets_spec::{FieldName, Node, OPTION_FIELDS, REQUEST_FIELDS, SOURCE_FIELDS, closest};
use syn::buffer::{Cursor, TokenBuffer};

use crate::{
    parse::{
        cursor::{colon, equals, name, punct, skip},
        refresh_on,
        value_reader::ValueReader,
    },
    span::SourceSpan,
};

/// The arguments, each with an example.
const ARGUMENTS: &[(&str, &str)] = &[
    ("sources", "sources = [\"prod-db\"]"),
    ("secret_requests", "secret_requests = [Secret(group = \"db\", key = \"password\")]"),
    ("role", "role = \"arn:aws:iam::123456789012:role/NAME\""),
    ("allow_override", "allow_override = true"),
    ("export", "export = \"process\""),
    ("refresh_on", "refresh_on = is_auth_error"),
    ("crate", "crate = path::to::secrets_runtime"),
    ("output", "output = \"serialize\""),
];

/// The arguments of a step's attributes as they are written: each once, and only those that exist.
#[derive(Default)]
pub struct AttributeArgs {
    given: Vec<(FieldName<SourceSpan>, Node<SourceSpan>)>,
}

impl AttributeArgs {
    /// Adds those of one attribute.
    pub fn read(&mut self, tokens: TokenStream, reader: &mut ValueReader<'_>) {
        let buffer = TokenBuffer::new2(tokens);
        reader.pieces(buffer.begin(), |reader, cursor| self.read_one(reader, cursor));
    }

    /// The argument of this name.
    pub fn get(&self, name: &str) -> Option<&(FieldName<SourceSpan>, Node<SourceSpan>)> {
        self.given.iter().find(|(given, _)| given.text == name)
    }

    fn read_one<'c>(&mut self, reader: &mut ValueReader<'_>, cursor: Cursor<'c>) -> Cursor<'c> {
        if let Some((quoted, after)) = name(cursor)
            && cursor.literal().is_some()
            && let Some(after) = equals(after).or_else(|| colon(after))
        {
            // What follows is read all the same, so that what is wrong in it is found too.
            return self.read_quoted(reader, quoted, after);
        }
        let Some((name, after)) = name(cursor).filter(|_| cursor.literal().is_none()) else {
            let at = SourceSpan::of(cursor.span());
            reader.report.add(at, "an argument has a name", format!("write {}", listed(cursor)));
            return skip(cursor);
        };
        let Some((_, example)) = ARGUMENTS.iter().find(|(known, _)| *known == name.text) else {
            let message = format!("unknown argument `{}`", name.text);
            reader.report.add(name.at, message, instead(&name.text));
            return skip(cursor);
        };
        let Some(after) = equals(after) else {
            let message = match colon(after) {
                Some(_) => format!("`=` goes between `{}` and its value, not `:`", name.text),
                None => format!("the argument `{}` has no value", name.text),
            };
            reader.report.add(name.at, message, format!("write {example}"));
            return skip(cursor);
        };
        if self.get(&name.text).is_some() {
            let message = format!("the argument `{}` is given twice", name.text);
            reader.report.add(name.at, message, "remove one of the two, or put both into one");
            return skip(after);
        }
        let (value, after) = value_of(&name, after, reader);
        self.given.push((name, value));
        after
    }

    /// Reads an argument whose name is in quotes, as in a dict pasted from Python.
    fn read_quoted<'c>(
        &mut self,
        reader: &mut ValueReader<'_>,
        name: FieldName<SourceSpan>,
        after: Cursor<'c>,
    ) -> Cursor<'c> {
        if !known().any(|known| known == name.text) {
            let message = format!("unknown argument `{}`", name.text);
            reader.report.add(name.at, message, instead(&name.text));
            return skip(after);
        }
        let message = "the name of an argument has no quotes";
        let help = format!("write `{}` without quotes: {} = ..", name.text, name.text);
        reader.report.add(name.at.clone(), message, help);
        let (value, after) = value_of(&name, after, reader);
        if self.get(&name.text).is_none() {
            self.given.push((name, value));
        }
        after
    }
}

/// Reads the value of an argument.
fn value_of<'c>(
    name: &FieldName<SourceSpan>,
    cursor: Cursor<'c>,
    reader: &mut ValueReader<'_>,
) -> (Node<SourceSpan>, Cursor<'c>) {
    match name.text.as_str() {
        "refresh_on" => refresh_on::read(name, cursor, reader),
        _ => reader.value_after(name, cursor),
    }
}

/// The arguments that exist.
fn known() -> impl Iterator<Item = &'static str> {
    ARGUMENTS.iter().map(|(known, _)| *known)
}

/// Whether these are arguments of ours: they name one at least.
pub fn are_ours(tokens: TokenStream) -> bool {
    let buffer = TokenBuffer::new2(tokens);
    let mut cursor = buffer.begin();
    while !cursor.eof() {
        if let Some((name, after)) = name(cursor)
            && equals(after).is_some()
            && ARGUMENTS.iter().any(|(known, _)| *known == name.text)
        {
            return true;
        }
        let end = skip(cursor);
        cursor = punct(end, ',').unwrap_or(end);
    }
    false
}

/// What to write instead of an argument without a name.
fn listed(cursor: Cursor<'_>) -> String {
    let list = cursor.group(Delimiter::Bracket).is_some();
    match cursor.token_tree() {
        Some((tree, _)) if list => format!("sources = {tree}"),
        Some((tree, _)) => format!("sources = [{tree}]"),
        None => String::from("sources = [\"prod-db\"]"),
    }
}

/// What to write instead of an argument that does not exist.
fn instead(name: &str) -> String {
    if let Some(better) = closest(name, known()) {
        return format!("did you mean `{better}`?");
    }
    if name == "id" {
        return String::from("it belongs to one source: sources = [{ id = .. }]");
    }
    if SOURCE_FIELDS.contains(&name) {
        return format!(
            "it belongs to one source: sources = [{{ id = \"prod-db\", {name} = .. }}]"
        );
    }
    if OPTION_FIELDS.contains(&name) {
        return format!(
            "it belongs to one source: sources = [{{ id = \"prod-db\", options = {{ {name} = .. }} }}]"
        );
    }
    if REQUEST_FIELDS.contains(&name) {
        return format!(
            "it belongs to one request: secret_requests = [Secret(key = \"password\", {name} = ..)]"
        );
    }
    let known: Vec<&str> = known().collect();
    format!("the arguments are {}", known.join(", "))
}
