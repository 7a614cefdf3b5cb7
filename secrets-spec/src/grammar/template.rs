use alloc::{string::String, vec::Vec};
use core::{fmt, ops::Range};

use crate::grammar::{
    delimiters::Delimiters,
    flaw::{Flaw, FlawKind},
    spec_error::SpecError,
};

/// How a value is escaped for the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filter {
    /// `url`: percent-encodes everything but the unreserved characters of RFC 3986.
    Url,
    /// `json`: a JSON string with its quotes.
    Json,
    /// `shell`: one word for a POSIX shell.
    Shell,
    /// `base64`: standard base64 with padding, on one line.
    Base64,
}

impl Filter {
    const ALL: [Self; 4] = [Self::Url, Self::Json, Self::Shell, Self::Base64];
    pub(crate) const NAMES: [&'static str; 4] =
        [Self::Url.as_str(), Self::Json.as_str(), Self::Shell.as_str(), Self::Base64.as_str()];

    /// Returns the filter's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Json => "json",
            Self::Shell => "shell",
            Self::Base64 => "base64",
        }
    }
}

/// A part of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Literal text.
    Literal(String),
    /// `{{name.key}}` or `{{name.key | filter}}`.
    Reference {
        /// The secret's name: the text before the first dot.
        name: String,
        /// The key: the text after the first dot.
        key: String,
        /// The filter, if there is one.
        filter: Option<Filter>,
    },
}

/// A text with references to secrets in ZenML's form, `{{name.key}}`. `Display` writes that form, whatever the
/// delimiters were.
///
/// Spaces just inside the braces and around `|` are allowed. `\{{` is a literal `{{`. A malformed reference is an
/// error that points at it, never literal text.
///
/// ```
/// use secrets_spec::{Part, Template};
///
/// let template = Template::parse("postgres://{{db.user | url}}@host")?;
/// assert!(matches!(&template.parts()[1], Part::Reference { name, key, .. } if name == "db" && key == "user"));
/// assert_eq!(template.to_string(), "postgres://{{db.user | url}}@host");
/// assert_eq!(Template::parse("x-{{db}}").unwrap_err().range(), 2..8);
/// # Ok::<(), secrets_spec::SpecError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Template {
    parts: Vec<Part>,
    /// The place of each part in the text.
    places: Vec<Range<usize>>,
}

impl Template {
    /// Parses a text with references.
    ///
    /// # Errors
    /// The first malformed or unclosed reference or unknown filter, with its range.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        Self::parse_with(text, &Delimiters::default())
    }

    /// Parses a text whose references have these delimiters. An opening brace directly after an opening delimiter
    /// that ends in a brace is literal text: with `${ }`, `${{ x }}` is not a reference.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_with(text: &str, delimiters: &Delimiters) -> Result<Self, SpecError> {
        Self::read(text, delimiters).map_err(|flaw| flaw.explain_reference(text, delimiters))
    }

    pub(crate) fn read(text: &str, delimiters: &Delimiters) -> Result<Self, Flaw> {
        let (open, close) = (delimiters.open(), delimiters.close());
        let mut template = Self { parts: Vec::new(), places: Vec::new() };
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(open) {
            let at = text.len() - after.len() - open.len();
            if let Some(before) = before.strip_suffix('\\') {
                literal.push_str(before);
                literal.push_str(open);
                rest = after;
                continue;
            }
            literal.push_str(before);
            if open != "{{" && open.ends_with('{') && after.starts_with('{') {
                literal.push_str(open);
                rest = after.trim_start_matches('{');
                literal.extend(core::iter::repeat_n('{', after.len() - rest.len()));
                continue;
            }
            let unclosed = Flaw::new(FlawKind::ReferenceOpen, at, at + open.len());
            let (inner, next) = after.split_once(close).ok_or(unclosed)?;
            // The error must not cover another reference or another line, whose text may be anything.
            let has_another = open != close && inner.trim_start_matches('{').contains(open);
            if has_another || inner.trim().contains('\n') {
                return Err(unclosed);
            }
            let end = text.len() - next.len();
            let part = parse_reference(inner).map_err(|kind| Flaw::new(kind, at, end))?;
            template.push_literal(&mut literal, at);
            template.push(part, at..end);
            rest = next;
        }
        literal.push_str(rest);
        template.push_literal(&mut literal, text.len());
        Ok(template)
    }

    /// Returns the parts, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Returns the parts, each with its place in the text. That of a reference is exact; that of literal text with
    /// escaped delimiters may begin after its first byte.
    pub fn placed_parts(&self) -> impl Iterator<Item = (Range<usize>, &Part)> {
        self.places.iter().cloned().zip(&self.parts)
    }

    /// Returns the referenced names and keys, in order and with repetitions.
    pub fn references(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Reference { name, key, .. } => Some((name.as_str(), key.as_str())),
            Part::Literal(_) => None,
        })
    }

    fn push(&mut self, part: Part, place: Range<usize>) {
        self.parts.push(part);
        self.places.push(place);
    }

    /// Adds the literal text so far, which ends before `end`, if there is any.
    fn push_literal(&mut self, literal: &mut String, end: usize) {
        if !literal.is_empty() {
            let start = end.saturating_sub(literal.len());
            self.push(Part::Literal(core::mem::take(literal)), start..end);
        }
    }
}

impl PartialEq for Template {
    /// Two templates are equal if their parts are, wherever these stand.
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for Template {}

fn parse_reference(inner: &str) -> Result<Part, FlawKind> {
    let inner = inner.trim_matches(' ');
    if inner.is_empty() {
        return Err(FlawKind::ReferenceEmpty);
    }
    if inner.contains(['{', '}']) {
        return Err(FlawKind::ReferenceBrace);
    }
    let (target, filter) = match inner.split_once('|') {
        None => (inner, None),
        Some((target, filter)) => {
            let filter = filter.trim_matches(' ');
            if filter.contains(char::is_whitespace) {
                return Err(FlawKind::ReferenceSpace);
            }
            let known = Filter::ALL.into_iter().find(|known| known.as_str() == filter);
            (target.trim_end_matches(' '), Some(known.ok_or(FlawKind::ReferenceFilter)?))
        }
    };
    if target.contains(char::is_whitespace) {
        return Err(FlawKind::ReferenceSpace);
    }
    if target.contains(char::is_control) {
        return Err(FlawKind::ReferenceControl);
    }
    let (name, key) = target.split_once('.').ok_or(FlawKind::ReferenceDot)?;
    if name.is_empty() {
        return Err(FlawKind::ReferenceName);
    }
    if key.is_empty() {
        return Err(FlawKind::ReferenceKey);
    }
    Ok(Part::Reference { name: String::from(name), key: String::from(key), filter })
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Literal(text) => write_literal(text, f)?,
                Part::Reference { name, key, filter: None } => write!(f, "{{{{{name}.{key}}}}}")?,
                Part::Reference { name, key, filter: Some(filter) } => {
                    write!(f, "{{{{{name}.{key} | {}}}}}", filter.as_str())?;
                }
            }
        }
        Ok(())
    }
}

/// Writes literal text and escapes each `{{`. If the number of braces is odd, the first one is written alone, since a
/// reference may follow the last two.
fn write_literal(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        f.write_str(before)?;
        rest = after.trim_start_matches('{');
        let braces = 2 + after.len() - rest.len();
        f.write_str(if braces % 2 == 1 { "{" } else { "" })?;
        for _ in 0..braces / 2 {
            f.write_str("\\{{")?;
        }
    }
    f.write_str(rest)
}
