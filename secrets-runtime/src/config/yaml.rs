use std::{borrow::Cow, collections::HashMap, ops::Range};

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{
    tree::{At, Kind, Tree, members, unreadable},
    yaml_scalar,
};
use crate::Error;

/// The most values that one document may become: aliases can multiply few lines into more than fits.
const MAX_VALUES: usize = 100_000;

/// How deeply lists and maps may lie in one another.
const MAX_DEPTH: usize = 64;

pub(super) fn read(text: &str) -> Result<Tree, Error> {
    let mut reader =
        Reader { events: Parser::new_from_str(text), text, anchors: HashMap::new(), values: 0 };
    reader.document()
}

struct Reader<'a> {
    events: Parser<'a, granit_parser::StrInput<'a>>,
    text: &'a str,
    anchors: HashMap<usize, Tree>,
    values: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Tree, Error> {
        let mut whole: Option<Tree> = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => {
                    return Ok(whole.unwrap_or(Tree { kind: Kind::Null, at: 0..0 }));
                }
                _ if whole.is_some() => {
                    let help = "keep one: a configuration is one document";
                    return Err(self.unreadable(&span, "a second document starts here", help));
                }
                event => whole = Some(self.value(event, span, 0)?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Error> {
        match self.events.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let at = At { line: error.marker().line(), column: error.marker().col() + 1 };
                // Its message may quote the text.
                Err(unreadable(
                    at,
                    "it is no YAML here",
                    "see that the indentation is right, and put texts with `: ` or `{` in quotes",
                ))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn value(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Tree, Error> {
        self.values += 1;
        if self.values > MAX_VALUES || depth > MAX_DEPTH {
            let help = "split the configuration, or write out its aliases";
            return Err(self.unreadable(&span, "the document is too large or too deep", help));
        }
        let at = self.bytes(&span);
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(&text, style, tag.as_deref()), anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.list(depth)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.map(&span, depth)?, anchor),
            Event::Alias(anchor) => {
                let Some(tree) = self.anchors.get(&anchor) else {
                    return Err(self.unreadable(
                        &span,
                        "an alias refers to itself",
                        "write it out",
                    ));
                };
                let (tree, count) = (tree.copy(), tree.count());
                self.values += count;
                return Ok(tree);
            }
            _ => return Err(self.unreadable(&span, "it is no YAML here", "write a value")),
        };
        let tree = Tree { kind, at };
        if anchor > 0 {
            self.anchors.insert(anchor, tree.copy());
        }
        Ok(tree)
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Error> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Kind::List(items)),
                (event, span) => items.push(self.value(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, start: &Span, depth: usize) -> Result<Kind, Error> {
        let (mut read, mut merged) = (Vec::new(), Vec::new());
        loop {
            let (event, span) = self.next()?;
            let name = match event {
                Event::MappingEnd => break,
                Event::Scalar(name, ..) => name.into_owned(),
                _ if self.text[self.bytes(start).start..].starts_with("{{") => {
                    let help = "put it in quotes: \"{{name.key}}\"";
                    return Err(self.unreadable(
                        start,
                        "a reference without quotes is a map in YAML",
                        help,
                    ));
                }
                _ => {
                    let help = "keys of a configuration are texts";
                    return Err(self.unreadable(&span, "a key is a list or a map", help));
                }
            };
            let at = self.place(&span);
            let (event, span) = self.next()?;
            let value = self.value(event, span, depth + 1)?;
            if name == "<<" { merge(value, &mut merged) } else { read.push((name, at, value)) }
        }
        let Kind::Map(mut all) = members(read)? else { return Ok(Kind::Null) };
        for (name, tree) in merged {
            // What is written in the map itself, or merged first, wins.
            if !all.iter().any(|(known, _)| *known == name) {
                all.push((name, tree));
            }
        }
        Ok(Kind::Map(all))
    }

    fn unreadable(&self, span: &Span, message: &str, help: &str) -> Error {
        unreadable(self.place(span), message, help)
    }

    fn place(&self, span: &Span) -> At {
        At { line: span.start.line().max(1), column: span.start.col() + 1 }
    }

    fn bytes(&self, span: &Span) -> Range<usize> {
        let end = self.text.len();
        span.start.byte_offset().unwrap_or(0)..span.end.byte_offset().unwrap_or(end).min(end)
    }
}

/// The members of a map, or of each map of a list: what `<<` says.
fn merge(value: Tree, to: &mut Vec<(String, Tree)>) {
    match value.kind {
        Kind::Map(members) => to.extend(members),
        Kind::List(items) => items.into_iter().for_each(|item| merge(item, to)),
        _ => {}
    }
}

/// YAML's core schema, and its tags.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Kind {
    let tag = tag.filter(|tag| tag.is_yaml_core_schema()).map(Tag::suffix);
    match tag {
        Some("str") => Kind::Text(text.to_owned()),
        None if style != ScalarStyle::Plain => Kind::Text(text.to_owned()),
        _ => yaml_scalar::of(Cow::Borrowed(text)),
    }
}
