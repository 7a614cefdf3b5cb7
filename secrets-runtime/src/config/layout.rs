//! How a document of a format is filled in: a number stands in the place of each reference, and the text is read before
//! and after the values have taken these places.

use std::ops::Range;

use secrets_spec::{Filter, Part, Template};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    config::{
        format::Format,
        tree::{NodeKind, Tree},
    },
    context::secrets::Secrets,
    core::{error::Error, escape, secret_value::SecretValue},
};

/// How many digits number a reference in its stand-in.
const DIGITS: usize = 6;

/// A document with a number in the place of each reference, which stands there as a value or inside a text.
pub(super) struct Layout {
    format: Format,
    text: String,
    tree: Tree,
    seed: String,
}

/// What stands in the place of a reference.
struct Value {
    /// The value as its filter writes it.
    written: SecretValue,
    /// The value itself, if it is written as JSON.
    itself: Option<SecretValue>,
}

/// The values of a template's references, in order.
pub(super) struct Values {
    values: Vec<Value>,
    /// Whether they are written in quotes where they cannot stand without.
    are_quoted: bool,
}

impl Values {
    pub(super) fn of(template: &Template, secrets: &Secrets) -> Result<Self, Error> {
        let mut values = Vec::new();
        for part in template.parts() {
            let Part::Reference { name, key, filter } = part else { continue };
            let written = secrets.fill_parts(std::slice::from_ref(part))?;
            let itself = match filter {
                Some(Filter::Json) => Some(secrets.get(name, key)?),
                _ => None,
            };
            values.push(Value { written, itself });
        }
        Ok(Self { values, are_quoted: false })
    }
}

/// A value of a document that has references in it.
struct Slot<'a> {
    range: Range<usize>,
    /// The value with stand-ins, as it is read.
    planned: &'a str,
    /// Whether it has no quotes.
    is_bare: bool,
}

/// A piece of a text with stand-ins.
enum Piece<'a> {
    Literal(&'a str),
    Value(&'a Value),
}

impl Layout {
    pub(super) fn of(template: &Template, format: Format) -> Result<Self, Error> {
        // A number that is not in the text, so that nothing in it is mistaken for a reference.
        let is_there = |seed: &str| {
            template
                .parts()
                .iter()
                .any(|part| matches!(part, Part::Literal(text) if text.contains(seed)))
        };
        let mut seed: u32 = 731_004_627;
        while is_there(&seed.to_string()) {
            seed += 1;
        }
        let (seed, mut text, mut index) = (seed.to_string(), String::new(), 0);
        for part in template.parts() {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Reference { .. } => {
                    text.push_str(&format!("{seed}{index:0DIGITS$}"));
                    index += 1;
                }
            }
        }
        let tree = format.read_stream(&text)?;
        Ok(Self { format, text, tree, seed })
    }

    /// Returns the pieces of a part of the text.
    fn pieces<'a>(&'a self, text: &'a str, values: &'a Values) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(&*self.seed) {
            let index = after.get(..DIGITS).and_then(|digits| digits.parse::<usize>().ok());
            let Some(value) = index.and_then(|index| values.values.get(index)) else { break };
            if !before.is_empty() {
                pieces.push(Piece::Literal(before));
            }
            pieces.push(Piece::Value(value));
            rest = after.get(DIGITS..).unwrap_or_default();
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest));
        }
        pieces
    }

    /// Returns whether a filled-in text says what the layout says, with the values in their places.
    pub(super) fn is_kept_by(&self, filled: &SecretValue, values: &Values) -> bool {
        // Exposed to be read.
        let Ok(text) = filled.expose_str() else { return false };
        // A value must not end a line, neither for this reader nor for one of YAML 1.1.
        let breaks = |text: &str| text.matches(is_break_in_old_yaml).count();
        if self.format == Format::Yaml && breaks(text) > breaks(&self.text) {
            return false;
        }
        let Ok(mut tree) = self.format.read_stream(text) else { return false };
        let is_kept = self.fits(&self.tree, &tree, values);
        wipe(&mut tree);
        is_kept
    }

    fn fits(&self, planned: &Tree, read: &Tree, values: &Values) -> bool {
        match (&planned.kind, &read.kind) {
            (NodeKind::Null, NodeKind::Null) => true,
            (NodeKind::Bool(planned), NodeKind::Bool(read)) => planned == read,
            (NodeKind::List(planned), NodeKind::List(read)) => {
                planned.len() == read.len()
                    && planned.iter().zip(read).all(|(one, other)| self.fits(one, other, values))
            }
            (NodeKind::Map(planned), NodeKind::Map(read)) => {
                // TOML's tables are sorted by their keys.
                let mut read: Vec<_> = read.iter().collect();
                planned.len() == read.len()
                    && planned.iter().enumerate().all(|(index, (key, tree))| {
                        let is_same =
                            |(other, _): &&(String, Tree)| self.reads_as(key, other, values);
                        let at = match read.get(index).is_some_and(is_same) {
                            true => Some(index),
                            false => read.iter().position(is_same),
                        };
                        let Some(at) = at else { return false };
                        read.swap(index, at);
                        read.get(index).is_some_and(|(_, other)| self.fits(tree, other, values))
                    })
            }
            (NodeKind::Text(planned), NodeKind::Text(read)) => self.reads_as(planned, read, values),
            (NodeKind::Number(planned), found) => {
                match (&*self.pieces(planned, values), found) {
                    ([Piece::Value(Value { itself: Some(itself), .. })], NodeKind::Text(read)) => {
                        // Exposed to be compared.
                        itself.expose_str().is_ok_and(|text| text == read)
                    }
                    ([Piece::Value(value)], NodeKind::Bool(read)) => {
                        value.written.expose_str().is_ok_and(|text| text == read.to_string())
                    }
                    ([Piece::Value(value)], NodeKind::List(_) | NodeKind::Map(_)) => {
                        self.is_json(value, read)
                    }
                    ([Piece::Value(_)], NodeKind::Text(read)) => {
                        (values.are_quoted || is_text_in_any_yaml(read))
                            && self.reads_as(planned, read, values)
                    }
                    (_, NodeKind::Number(read) | NodeKind::Text(read)) => {
                        self.reads_as(planned, read, values)
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Returns whether a text is a planned one with the values in their places.
    fn reads_as(&self, planned: &str, read: &str, values: &Values) -> bool {
        let mut rest = read;
        for piece in self.pieces(planned, values) {
            let text = match piece {
                Piece::Literal(text) => text,
                // Exposed to be compared.
                Piece::Value(value) => match value.written.expose_str() {
                    Ok(text) => text,
                    Err(_) => return false,
                },
            };
            match rest.strip_prefix(text) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    }

    /// Returns whether a value is by itself the JSON list or object that was read in its place.
    fn is_json(&self, value: &Value, read: &Tree) -> bool {
        let text = value.written.expose_str().unwrap_or_default();
        match Format::Json.read(text) {
            Ok(mut tree) if self.format == Format::Json => {
                let none = Values { values: Vec::new(), are_quoted: true };
                let is_same = self.fits(&tree, read, &none);
                wipe(&mut tree);
                is_same
            }
            _ => false,
        }
    }

    /// Returns the text with the values in their places. A text with a value in it is quoted, and so is a value that
    /// cannot stand alone.
    pub(super) fn filled(&self, values: &mut Values) -> SecretValue {
        values.are_quoted = true;
        let values = &*values;
        let mut slots = Vec::new();
        self.find_slots(&self.tree, &mut slots);
        slots.sort_by_key(|slot| slot.range.start);
        // The buffer never grows: growing would leave a copy that is not wiped.
        let written: usize =
            values.values.iter().map(|value| escape::longest_json(value.written.len())).sum();
        let room = escape::longest_json(self.text.len()) + written + 2 * slots.len();
        let mut to = Zeroizing::new(String::with_capacity(room));
        let mut end = 0;
        for slot in slots {
            // An alias of YAML has the place of its anchor.
            if slot.range.start < end {
                continue;
            }
            self.write_between(end..slot.range.start, values, &mut to);
            self.write_slot(&slot, values, &mut to);
            end = slot.range.end;
        }
        self.write_between(end..self.text.len(), values, &mut to);
        debug_assert!(to.len() <= room, "the text fits");
        SecretValue::from(to)
    }

    /// Writes what stands outside of the values with references in them, such as keys and comments.
    fn write_between(&self, range: Range<usize>, values: &Values, to: &mut String) {
        for piece in self.pieces(self.text.get(range).unwrap_or_default(), values) {
            match piece {
                Piece::Literal(text) => to.push_str(text),
                Piece::Value(value) => to.push_str(value.written.expose_str().unwrap_or_default()),
            }
        }
    }

    fn write_slot(&self, slot: &Slot<'_>, values: &Values, to: &mut String) {
        let is_line = |piece: &Piece<'_>| match piece {
            Piece::Literal(_) => true,
            // Exposed to look for line breaks, and for blanks that would be read as an indentation.
            Piece::Value(Value { written, .. }) => {
                let text = written.expose_str().unwrap_or_default();
                !text.is_empty()
                    && !text.starts_with(' ')
                    && !text.contains(|c: char| c.is_control() || is_break_in_old_yaml(c))
            }
        };
        let pieces = self.pieces(slot.planned, values);
        // A block of YAML stays one, unless a value has lines of its own.
        let written = self.text.get(slot.range.clone()).unwrap_or_default();
        if written.starts_with(['|', '>']) && pieces.iter().all(is_line) {
            return self.write_between(slot.range.clone(), values, to);
        }
        if let ([Piece::Value(value)], true) = (&*pieces, slot.is_bare) {
            // The values are exposed to be written where the document wants them.
            let text = value.itself.as_ref().unwrap_or(&value.written);
            let text = text.expose_str().unwrap_or_default();
            match value.itself.is_none() && self.stands_alone(text) {
                true => to.push_str(text),
                false => escape::write_quoted([text], to),
            }
            return;
        }
        let texts = pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => *text,
            Piece::Value(value) => value.written.expose_str().unwrap_or_default(),
        });
        escape::write_quoted(texts, to);
    }

    /// Returns whether a value without quotes is a number, a boolean or, in JSON, a list or an object.
    fn stands_alone(&self, text: &str) -> bool {
        let Ok(mut tree) = Format::Json.read(text) else { return false };
        let stands_alone = match &tree.kind {
            NodeKind::Number(number) => {
                number == text && (self.format != Format::Toml || is_toml_number(text))
            }
            NodeKind::Bool(_) => text == "true" || text == "false",
            NodeKind::List(_) | NodeKind::Map(_) => self.format == Format::Json,
            _ => false,
        };
        wipe(&mut tree);
        stands_alone
    }

    /// Finds the values that have references in them.
    fn find_slots<'a>(&self, tree: &'a Tree, slots: &mut Vec<Slot<'a>>) {
        match &tree.kind {
            NodeKind::Text(planned) | NodeKind::Number(planned)
                if planned.contains(&*self.seed) =>
            {
                // The line break after a block of YAML belongs to the document.
                let written = self.text.get(tree.at.clone()).unwrap_or_default().trim_end().len();
                let range = tree.at.start..tree.at.start + written;
                let is_bare = matches!(tree.kind, NodeKind::Number(_));
                slots.push(Slot { range, planned, is_bare });
            }
            NodeKind::List(items) => items.iter().for_each(|item| self.find_slots(item, slots)),
            NodeKind::Map(members) => {
                members.iter().for_each(|(_, member)| self.find_slots(member, slots));
            }
            _ => {}
        }
    }
}

/// Returns whether a character ends a line in YAML 1.1 and not in 1.2
/// (<https://yaml.org/spec/1.2.2/#54-line-break-characters>).
fn is_break_in_old_yaml(character: char) -> bool {
    matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Returns whether a number of JSON is the same one in TOML, whose integers have 64 bits and no negative zero.
fn is_toml_number(text: &str) -> bool {
    text.contains(['.', 'e', 'E']) || text.parse::<i64>().is_ok_and(|it| it.to_string() == text)
}

/// Returns whether a text without quotes is a text for every reader of YAML, also for those of version 1.1, which have
/// more booleans, and dates and times.
fn is_text_in_any_yaml(text: &str) -> bool {
    const BOOLEANS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !BOOLEANS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Wipes the texts of a tree that was read from a filled-in text.
fn wipe(tree: &mut Tree) {
    match &mut tree.kind {
        NodeKind::Text(text) | NodeKind::Number(text) => text.zeroize(),
        NodeKind::List(items) => items.iter_mut().for_each(wipe),
        NodeKind::Map(members) => {
            for (name, member) in members {
                name.zeroize();
                wipe(member);
            }
        }
        _ => {}
    }
}
