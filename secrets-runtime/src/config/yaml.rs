use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    ops::Range,
};

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use crate::{
    config::{
        tree::{NodeKind, Size, Tree, members, unreadable},
        yaml_scalar,
    },
    core::{error::Error, line_column::LineColumn},
};

/// The most values that one document may have. Aliases can multiply a few lines into more than memory can
/// hold.
const MAX_VALUES: usize = 1_000_000;

/// The most bytes of names and texts that anchors and aliases may copy.
const MAX_COPIED_BYTES: usize = 16 << 20;

/// How deeply lists and maps may be nested.
const MAX_DEPTH: usize = 64;

/// Reads the one document of a text.
pub(super) fn read(text: &str) -> Result<Tree, Error> {
    let whole = Reader::new(text).documents(1)?.pop();
    Ok(whole.unwrap_or(Tree { kind: NodeKind::Null, at: 0..0 }))
}

/// Reads all documents of a text, as a list.
pub(super) fn read_stream(text: &str) -> Result<Tree, Error> {
    let documents = Reader::new(text).documents(usize::MAX)?;
    Ok(Tree { kind: NodeKind::List(documents), at: 0..text.len() })
}

struct Reader<'a> {
    events: Parser<'a, granit_parser::StrInput<'a>>,
    text: &'a str,
    /// The value of each anchor, and its size.
    anchors: HashMap<usize, (Tree, Size)>,
    /// The number of values so far, copies included.
    values: usize,
    /// The number of bytes copied so far.
    copied: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let events = Parser::new_from_str(text);
        Self { events, text, anchors: HashMap::new(), values: 0, copied: 0 }
    }

    /// Reads documents, of which there may be this many.
    fn documents(&mut self, most: usize) -> Result<Vec<Tree>, Error> {
        let mut documents = Vec::new();
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => return Ok(documents),
                _ if documents.len() >= most => {
                    let help = "keep one: a configuration is one document";
                    return Err(self.unreadable(&span, "a second document starts here", help));
                }
                event => documents.push(self.value(event, span, 0)?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Error> {
        match self.events.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let at =
                    LineColumn { line: error.marker().line(), column: error.marker().col() + 1 };
                // The parser's message may quote the text.
                Err(unreadable(
                    at,
                    "this is not valid YAML",
                    "see that the indentation is right, and put texts with `: ` or `{` in quotes",
                ))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn value(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Tree, Error> {
        self.values += 1;
        if self.values > MAX_VALUES || depth > MAX_DEPTH {
            return Err(self.too_large(&span));
        }
        let mut at = self.bytes(&span);
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    at.start = self.block_header(at.start);
                }
                (scalar(&text, style, tag.as_deref()), anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.list(depth)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.map(&span, depth)?, anchor),
            Event::Alias(anchor) => {
                let Some(size) = self.anchors.get(&anchor).map(|(_, size)| *size) else {
                    return Err(self.unreadable(
                        &span,
                        "an alias refers to itself",
                        "write it out",
                    ));
                };
                self.count_copy(size, depth, &span)?;
                return Ok(self.anchors[&anchor].0.copy());
            }
            _ => return Err(self.unreadable(&span, "this is not valid YAML", "write a value")),
        };
        let tree = Tree { kind, at };
        if anchor > 0 {
            let size = tree.size();
            self.count_copy(size, depth, &span)?;
            self.anchors.insert(anchor, (tree.copy(), size));
        }
        Ok(tree)
    }

    /// Counts a copy at this depth before it is made.
    fn count_copy(&mut self, size: Size, depth: usize, span: &Span) -> Result<(), Error> {
        self.values += size.values;
        self.copied += size.bytes;
        if self.values > MAX_VALUES
            || self.copied > MAX_COPIED_BYTES
            || depth + size.depth > MAX_DEPTH
        {
            return Err(self.too_large(span));
        }
        Ok(())
    }

    fn list(&mut self, depth: usize) -> Result<NodeKind, Error> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(NodeKind::List(items)),
                (event, span) => items.push(self.value(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, start: &Span, depth: usize) -> Result<NodeKind, Error> {
        let (mut read, mut merged) = (Vec::new(), Vec::new());
        loop {
            let (event, span) = self.next()?;
            let name = match event {
                Event::MappingEnd => break,
                Event::Scalar(name, ..) => name.into_owned(),
                _ if self.starts_with_braces(start) => {
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
        let NodeKind::Map(mut all) = members(read, |place| place)? else {
            return Ok(NodeKind::Null);
        };
        if merged.is_empty() {
            return Ok(NodeKind::Map(all));
        }
        let mut known: HashSet<String> = all.iter().map(|(name, _)| name.clone()).collect();
        for (name, tree) in merged {
            // Members of the map itself, and those merged first, win.
            if known.insert(name.clone()) {
                all.push((name, tree));
            }
        }
        Ok(NodeKind::Map(all))
    }

    /// Returns the start of the header of a block, whose content starts here: the `|` or `>` on a line before it.
    fn block_header(&self, content: usize) -> usize {
        let before = self.text.get(..content).unwrap_or_default().trim_end();
        let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
        // A comment may follow.
        let header = line.split(" #").next().unwrap_or_default().rfind(['|', '>']);
        header.map_or(content, |header| before.len() - line.len() + header)
    }

    /// Returns whether this is a reference without quotes.
    fn starts_with_braces(&self, span: &Span) -> bool {
        self.text.get(self.bytes(span).start..).is_some_and(|text| text.starts_with("{{"))
    }

    fn too_large(&self, span: &Span) -> Error {
        let help = "split the configuration, or write out its aliases";
        self.unreadable(span, "the document is too large or too deep", help)
    }

    fn unreadable(&self, span: &Span, message: &str, help: &str) -> Error {
        unreadable(self.place(span), message, help)
    }

    fn place(&self, span: &Span) -> LineColumn {
        LineColumn { line: span.start.line().max(1), column: span.start.col() + 1 }
    }

    fn bytes(&self, span: &Span) -> Range<usize> {
        let end = self.text.len();
        span.start.byte_offset().unwrap_or(0)..span.end.byte_offset().unwrap_or(end).min(end)
    }
}

/// Returns the members of a map, or of each map in a list: the value of `<<`.
fn merge(value: Tree, to: &mut Vec<(String, Tree)>) {
    match value.kind {
        NodeKind::Map(members) => to.extend(members),
        NodeKind::List(items) => items.into_iter().for_each(|item| merge(item, to)),
        _ => {}
    }
}

/// Reads a scalar by YAML's core schema and its tags.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> NodeKind {
    let tag = tag.filter(|tag| tag.is_yaml_core_schema()).map(Tag::suffix);
    match tag {
        Some("str") => NodeKind::Text(text.to_owned()),
        None if style != ScalarStyle::Plain => NodeKind::Text(text.to_owned()),
        _ => yaml_scalar::of(Cow::Borrowed(text)),
    }
}
