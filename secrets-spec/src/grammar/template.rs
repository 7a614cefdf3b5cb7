use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::grammar::{
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
}

impl Filter {
    const ALL: [Self; 3] = [Self::Url, Self::Json, Self::Shell];
    pub(crate) const NAMES: [&'static str; 3] =
        [Self::Url.as_str(), Self::Json.as_str(), Self::Shell.as_str()];

    /// Returns the filter's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Json => "json",
            Self::Shell => "shell",
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

/// A text with references to secrets in ZenML's form, `{{name.key}}`.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

impl Template {
    /// Parses a text with references.
    ///
    /// # Errors
    /// The first malformed or unclosed reference or unknown filter, with its range.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        Self::read(text).map_err(|flaw| flaw.explain(text))
    }

    pub(crate) fn read(text: &str) -> Result<Self, Flaw> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut at = 0;
        while let Some(open) = text[at..].find("{{").map(|open| open + at) {
            if let Some(before) = text[at..open].strip_suffix('\\') {
                literal.push_str(before);
                literal.push_str("{{");
                at = open + 2;
                continue;
            }
            literal.push_str(&text[at..open]);
            let unclosed = Flaw::new(FlawKind::ReferenceOpen, open, open + 2);
            let close = text[open + 2..].find("}}").ok_or(unclosed)? + open + 2;
            let inner = &text[open + 2..close];
            // The error must not cover another reference or another line, whose text may be anything.
            if inner.trim_start_matches('{').contains("{{") || inner.trim().contains('\n') {
                return Err(unclosed);
            }
            let part = parse_reference(inner).map_err(|kind| Flaw::new(kind, open, close + 2))?;
            if !literal.is_empty() {
                parts.push(Part::Literal(core::mem::take(&mut literal)));
            }
            parts.push(part);
            at = close + 2;
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self(parts))
    }

    /// Returns the parts, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// Returns the referenced names and keys, in order and with repetitions.
    pub fn references(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|part| match part {
            Part::Reference { name, key, .. } => Some((name.as_str(), key.as_str())),
            Part::Literal(_) => None,
        })
    }
}

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
        for part in &self.0 {
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
    while let Some(open) = rest.find("{{") {
        let braces = rest[open..].len() - rest[open..].trim_start_matches('{').len();
        f.write_str(&rest[..open + braces % 2])?;
        for _ in 0..braces / 2 {
            f.write_str("\\{{")?;
        }
        rest = &rest[open + braces..];
    }
    f.write_str(rest)
}
