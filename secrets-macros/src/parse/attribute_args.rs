use proc_macro2::{Delimiter, TokenStream};
use secrets_spec::{FieldName, Node, OptionField, REQUEST_FIELDS, SOURCE_FIELDS, closest};
use syn::buffer::{Cursor, TokenBuffer};

use crate::{
    parse::{
        cursor::{colon, equals, field_name, punct, skip_to_comma},
        refresh_on,
        value_reader::ValueReader,
    },
    span::SourceSpan,
};

/// The names of all arguments, each with an example.
const ARGUMENTS: &[(&str, &str)] = &[
    ("sources", "sources = [\"prod-db\"]"),
    ("secret_requests", "secret_requests = [Secret(group = \"db\", key = \"password\")]"),
    ("role", "role = \"arn:aws:iam::123456789012:role/NAME\""),
    ("allow_override", "allow_override = true"),
    ("export", "export = \"process\""),
    ("refresh_on", "refresh_on = is_auth_error"),
    ("crate", "crate = path::to::secrets_runtime"),
    ("output", "output = \"serialize\""),
    ("guard", "guard = \"deny\""),
];

/// The valid arguments of a step's attributes, each at most once.
#[derive(Default)]
pub struct AttributeArgs {
    given: Vec<(FieldName<SourceSpan>, Node<SourceSpan>)>,
}

impl AttributeArgs {
    /// Adds the arguments of one attribute.
    pub fn read(&mut self, tokens: TokenStream, reader: &mut ValueReader<'_>) {
        let buffer = TokenBuffer::new2(tokens);
        reader.read_comma_separated(buffer.begin(), |reader, cursor| self.read_one(reader, cursor));
    }

    /// Returns the argument with this name.
    pub fn get(&self, name: &str) -> Option<&(FieldName<SourceSpan>, Node<SourceSpan>)> {
        self.given.iter().find(|(given, _)| given.text == name)
    }

    fn read_one<'c>(&mut self, reader: &mut ValueReader<'_>, cursor: Cursor<'c>) -> Cursor<'c> {
        if let Some((quoted, after)) = field_name(cursor)
            && cursor.literal().is_some()
            && let Some(after) = equals(after).or_else(|| colon(after))
        {
            // The value is still read, so that mistakes in it are reported too.
            return self.read_quoted(reader, quoted, after);
        }
        let Some((name, after)) = field_name(cursor).filter(|_| cursor.literal().is_none()) else {
            let at = SourceSpan::of(cursor.span());
            reader.report.add(
                at,
                "an argument has a name",
                format!("write {}", named_argument_example(cursor)),
            );
            return skip_to_comma(cursor);
        };
        let Some((_, example)) = ARGUMENTS.iter().find(|(known, _)| *known == name.text) else {
            let message = format!("unknown argument `{}`", name.text);
            reader.report.add(name.at, message, help_for_unknown(&name.text));
            return skip_to_comma(cursor);
        };
        let Some(after) = equals(after) else {
            let message = match colon(after) {
                Some(_) => format!("`=` goes between `{}` and its value, not `:`", name.text),
                None => format!("the argument `{}` has no value", name.text),
            };
            reader.report.add(name.at, message, format!("write {example}"));
            return skip_to_comma(cursor);
        };
        if self.get(&name.text).is_some() {
            let message = format!("the argument `{}` is given twice", name.text);
            reader.report.add(name.at, message, "remove one of the two, or put both into one");
            return skip_to_comma(after);
        }
        let (value, after) = read_value(&name, after, reader);
        self.given.push((name, value));
        after
    }

    /// Reads an argument with a quoted name, as in a dict pasted from Python, and reports the quotes.
    fn read_quoted<'c>(
        &mut self,
        reader: &mut ValueReader<'_>,
        name: FieldName<SourceSpan>,
        after: Cursor<'c>,
    ) -> Cursor<'c> {
        if !argument_names().any(|known| known == name.text) {
            let message = format!("unknown argument `{}`", name.text);
            reader.report.add(name.at, message, help_for_unknown(&name.text));
            return skip_to_comma(after);
        }
        let message = "the name of an argument has no quotes";
        let help = format!("write `{}` without quotes: {} = ..", name.text, name.text);
        reader.report.add(name.at.clone(), message, help);
        let (value, after) = read_value(&name, after, reader);
        if self.get(&name.text).is_none() {
            self.given.push((name, value));
        }
        after
    }
}

/// Reads the value of an argument.
fn read_value<'c>(
    name: &FieldName<SourceSpan>,
    cursor: Cursor<'c>,
    reader: &mut ValueReader<'_>,
) -> (Node<SourceSpan>, Cursor<'c>) {
    match name.text.as_str() {
        "refresh_on" => refresh_on::read(name, cursor, reader),
        _ => reader.read_value_after(name, cursor),
    }
}

/// Iterates over the names of all arguments.
fn argument_names() -> impl Iterator<Item = &'static str> {
    ARGUMENTS.iter().map(|(known, _)| *known)
}

/// Whether at least one of these is an argument of a step.
pub fn has_step_argument(tokens: TokenStream) -> bool {
    let buffer = TokenBuffer::new2(tokens);
    let mut cursor = buffer.begin();
    while !cursor.eof() {
        if let Some((name, after)) = field_name(cursor)
            && equals(after).is_some()
            && ARGUMENTS.iter().any(|(known, _)| *known == name.text)
        {
            return true;
        }
        let end = skip_to_comma(cursor);
        cursor = punct(end, ',').unwrap_or(end);
    }
    false
}

/// Returns what to write instead of an argument without a name.
fn named_argument_example(cursor: Cursor<'_>) -> String {
    let list = cursor.group(Delimiter::Bracket).is_some();
    match cursor.token_tree() {
        Some((tree, _)) if list => format!("sources = {tree}"),
        Some((tree, _)) => format!("sources = [{tree}]"),
        None => String::from("sources = [\"prod-db\"]"),
    }
}

/// Returns the help for an unknown argument.
fn help_for_unknown(name: &str) -> String {
    if let Some(better) = closest(name, argument_names()) {
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
    if OptionField::find(name).is_some() {
        return format!(
            "it belongs to one source: sources = [{{ id = \"prod-db\", options = {{ {name} = .. }} }}]"
        );
    }
    if REQUEST_FIELDS.contains(&name) {
        return format!(
            "it belongs to one request: secret_requests = [Secret(key = \"password\", {name} = ..)]"
        );
    }
    let known: Vec<&str> = argument_names().collect();
    format!("the arguments are {}", known.join(", "))
}
