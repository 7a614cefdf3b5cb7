use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, ops::Range};

use crate::{
    grammar::{role::SourceRole, source_text::quoted_source, spec_error::SpecError},
    model::{source::Source, source_draft::SourceDraft, source_reader::read_sources},
    syntax::{
        diagnostic::Diagnostic,
        json::{read_json, read_json_prefix},
        node::{Node, Value},
    },
    text::{
        edit_distance::closest,
        escape::{is_quote, write_json_string},
    },
};

const ATTRIBUTES: &[&str] = &["sources", "role", "allow_override"];

/// The secrets that `--with 'secrets:sources=["test-db"],role=...,allow_override=true'` adds to a step at launch.
///
/// The values are JSON, as in Metaflow. A role may also be written without quotes.
///
/// ```
/// let with = secrets_spec::With::parse(r#"secrets:sources=["test-db"],allow_override=false"#).unwrap();
/// assert_eq!(with.sources()[0].id(), "test-db");
/// assert!(!with.allow_override());
///
/// let errors = secrets_spec::With::parse("secrets:sources=[test-db]").unwrap_err();
/// assert_eq!(errors[0].help(), Some(r#"write "test-db""#));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct With {
    sources: Vec<Source>,
    role: SourceRole,
    allow_override: bool,
}

impl With {
    /// Parses the text of a `--with` option.
    ///
    /// # Errors
    /// All mistakes, in order.
    pub fn parse(text: &str) -> Result<Self, Vec<SpecError>> {
        let mut errors = Vec::new();
        let with = Self::read(text, &mut errors);
        if errors.is_empty() { Ok(with) } else { Err(errors) }
    }

    /// Returns the sources to add.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Returns the role for these sources.
    #[must_use]
    pub fn role(&self) -> &SourceRole {
        &self.role
    }

    /// Whether a variable of a secret may replace an existing environment variable.
    #[must_use]
    pub fn allow_override(&self) -> bool {
        self.allow_override
    }

    fn read(text: &str, errors: &mut Vec<SpecError>) -> Self {
        let mut with = Self::default();
        let (head, mut rest) = match text.split_once(':') {
            Some((head, rest)) => (head, Some(rest)),
            None => (text, None),
        };
        if head != "secrets" {
            errors.push(prefix_error(text, head.len()));
            return with;
        }
        let mut seen: Vec<&str> = Vec::new();
        // Whether a malformed value may have ended too early. What looks like a name after it may be a piece of a
        // value, so errors do not quote it.
        let mut may_be_value = false;
        while let Some(attribute) = rest {
            let at = text.len() - attribute.len();
            let name_end = attribute.find(['=', ',']).unwrap_or(attribute.len());
            let (name, value) = attribute.split_at_checked(name_end).unwrap_or((attribute, ""));
            let name = name.trim();
            let name_at = at..at + name_end;
            let Some(value) = value.strip_prefix('=') else {
                may_be_value |= !is_complete_value(name);
                errors.push(missing_value_error(name, name_at, may_be_value));
                rest = value.strip_prefix(',');
                continue;
            };
            if seen.contains(&name) {
                let help = Some(String::from("remove one of the two"));
                errors.push(SpecError::new(format!("`{name}` is given twice"), name_at, help));
            } else if ATTRIBUTES.contains(&name) {
                seen.push(name);
            } else {
                let help = match closest(name, ATTRIBUTES.iter().copied()) {
                    Some(better) => format!("did you mean `{better}`?"),
                    None => format!("the attributes are {}", ATTRIBUTES.join(", ")),
                };
                may_be_value |= !is_complete_value(name);
                let message = match quotable_name(name, may_be_value) {
                    Some(name) => format!("unknown attribute {name}"),
                    None => String::from("unknown attribute"),
                };
                errors.push(SpecError::new(message, name_at, Some(help)));
            }
            let offset = text.len() - value.len();
            let known_errors = errors.len();
            let end = match name {
                "sources" => with.read_sources(value, offset, errors),
                "role" => with.read_role(value, offset, may_be_value, errors),
                "allow_override" => with.read_allow_override(value, offset, may_be_value, errors),
                // The value of an unknown attribute may be JSON with commas.
                _ => read_json_prefix(value)
                    .map_or_else(|_| find_next_attribute(value), |(_, end)| end),
            };
            if may_be_value {
                errors.iter_mut().skip(known_errors).for_each(hide_quotes);
            }
            let (value, after) = value.split_at_checked(end).unwrap_or((value, ""));
            may_be_value |= !is_complete_value(value);
            let after = after.trim_start();
            rest = after.strip_prefix(',');
            if rest.is_none() && !after.is_empty() {
                let help = Some(String::from("write a comma between attributes"));
                let range = text.len() - after.len()..text.len();
                errors.push(SpecError::new("there is text after a value", range, help));
            }
        }
        with
    }

    fn read_sources(&mut self, value: &str, offset: usize, errors: &mut Vec<SpecError>) -> usize {
        let (node, end) = match read_json_prefix(value) {
            Ok(read) => read,
            Err(error) => {
                let is_json = value.trim_start().starts_with(['[', '{', '"']);
                let end = find_attribute_where(value, |name| ATTRIBUTES.contains(&name));
                let error = match quoted_list(&value[..find_next_attribute(value)]) {
                    Some(list) if is_json => {
                        let message = format!("{}, in {list}", error.message());
                        let help = error.help().map(String::from);
                        SpecError::new(message, error.range(), help)
                    }
                    _ if is_json => error,
                    _ => unbracketed_list_error(value),
                };
                errors.push(error.shifted(offset));
                return end;
            }
        };
        // Metaflow writes `sources=null` for no sources.
        if matches!(node.value, Value::Null) {
            return end;
        }
        let mut diagnostics: Vec<Diagnostic<Range<usize>>> = Vec::new();
        let drafts = read_sources(&node, &mut diagnostics);
        // A list of names has no values.
        let list = value.get(..end).filter(|_| !diagnostics.is_empty()).and_then(quoted_list);
        errors.extend(diagnostics.into_iter().map(|mut diagnostic| {
            if let Some(list) = &list {
                diagnostic.message = format!("{}, in {list}", diagnostic.message);
            }
            SpecError::from(diagnostic).shifted(offset)
        }));
        // The places of the sources of each group.
        let mut known: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, source) in self.sources.iter().enumerate() {
            known.entry(String::from(source.group())).or_default().push(place);
        }
        for source in drafts.into_iter().filter_map(SourceDraft::into_source) {
            let places = known.entry(String::from(source.group())).or_default();
            let same =
                |place: &usize| self.sources.get(*place).is_some_and(|it| it.same_as(&source));
            if !places.iter().any(same) {
                places.push(self.sources.len());
                self.sources.push(source);
            }
        }
        end
    }

    fn read_role(
        &mut self,
        value: &str,
        offset: usize,
        may_be_value: bool,
        errors: &mut Vec<SpecError>,
    ) -> usize {
        let (text, end) = match read_json_prefix(value) {
            Ok((Node { value: Value::Null, .. }, end)) => return end,
            Ok((Node { value: Value::Text(text), .. }, end)) => (text, end),
            _ => {
                let end = find_next_attribute(value);
                (String::from(value.get(..end).unwrap_or_default().trim()), end)
            }
        };
        match SourceRole::parse(&text) {
            Ok(role) => self.role = role,
            // The text may be surrounded by quotes and spaces and contain escapes, so the error covers the whole
            // value.
            Err(error) => {
                let message = match quoted_word(&text).filter(|_| !may_be_value) {
                    Some(word) => format!("{}: {word}", error.message()),
                    None => String::from(error.message()),
                };
                let help = error.help().map(String::from);
                errors.push(SpecError::new(message, offset..offset + end, help));
            }
        }
        end
    }

    fn read_allow_override(
        &mut self,
        value: &str,
        offset: usize,
        may_be_value: bool,
        errors: &mut Vec<SpecError>,
    ) -> usize {
        let end = find_next_attribute(value);
        match value.get(..end).unwrap_or_default().trim() {
            "true" => self.allow_override = true,
            "false" => self.allow_override = false,
            other => {
                let meant = match other.trim_matches(is_quote).to_ascii_lowercase().as_str() {
                    "true" | "1" | "yes" => "write allow_override=true",
                    "false" | "0" | "no" => "write allow_override=false",
                    _ => "write true or false",
                };
                let message = match quoted_word(other).filter(|_| !may_be_value) {
                    Some(word) => format!("`allow_override` is true or false, not {word}"),
                    None => String::from("`allow_override` is true or false"),
                };
                let range = offset..offset + end;
                errors.push(SpecError::new(message, range, Some(String::from(meant))));
            }
        }
        end
    }
}

/// Writes the text of the option, without attributes that have their defaults. The values of `inline` sources are
/// masked.
impl fmt::Display for With {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secrets")?;
        let mut before = ":";
        if !self.sources.is_empty() {
            f.write_str(":sources=[")?;
            for (index, source) in self.sources.iter().enumerate() {
                f.write_str(if index == 0 { "" } else { "," })?;
                let text = source.to_string();
                if text.starts_with('{') {
                    f.write_str(&text)?
                } else {
                    write_json_string(&text, f)?
                }
            }
            f.write_str("]")?;
            before = ",";
        }
        if let Some(role) = self.role.as_str() {
            write!(f, "{before}role=")?;
            write_json_string(role, f)?;
            before = ",";
        }
        if self.allow_override { write!(f, "{before}allow_override=true") } else { Ok(()) }
    }
}

fn prefix_error(text: &str, head: usize) -> SpecError {
    let meant = text.trim_start_matches(|c: char| c.is_whitespace() || is_quote(c));
    let help = if meant.len() < text.len() && meant.starts_with("secrets") {
        "remove what stands before `secrets`"
    } else if text.starts_with("secrets") {
        "a colon comes after `secrets`: secrets:sources=[\"prod-db\"]"
    } else {
        "write secrets:sources=[\"prod-db\"]"
    };
    let is_attribute = |(name, list): &(&str, &str)| {
        ATTRIBUTES.contains(&name.trim()) && quoted_list(list).is_some()
    };
    let found = match text.split_once('=').filter(is_attribute) {
        Some(_) => Some(backquoted(text.trim())),
        None if text.trim_start().starts_with('[') => quoted_list(text),
        // A text of another shape may be anything.
        None => quoted_word(&text[..head])
            .filter(|word| head < text.len() && word.as_str() != "`secrets`"),
    };
    let message = match found {
        Some(found) => format!("only `secrets` can be attached, not {found}"),
        None => String::from("only `secrets` can be attached"),
    };
    SpecError::new(message, 0..head, Some(String::from(help)))
}

/// Returns the first word of a text in quotes, if it starts with one. Quotes around the word are left out.
fn quoted_word(text: &str) -> Option<String> {
    let bare = text.trim_start_matches(|c: char| c.is_whitespace() || is_quote(c));
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "_-./:".contains(c);
    let word = &bare[..bare.len() - bare.trim_start_matches(is_of_word).len()];
    (!word.is_empty()).then(|| backquoted(word))
}

/// Returns a list of sources in quotes, if it has names only: an object may contain values, and so may `NAME=value`.
fn quoted_list(text: &str) -> Option<String> {
    let text = text.trim();
    let belongs = |c: char| c.is_ascii_alphanumeric() || "_-./:@+[]\"', ".contains(c);
    (!text.is_empty() && text.chars().all(belongs)).then(|| backquoted(text))
}

/// Returns a text of printable characters in backquotes, cut after 60 characters.
fn backquoted(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("`{}`..", &text[..cut]),
        None => format!("`{text}`"),
    }
}

fn missing_value_error(name: &str, range: Range<usize>, may_be_value: bool) -> SpecError {
    let (message, help) = match name {
        "" => (String::from("an attribute is missing"), "write one, or remove the `,` or `:`"),
        "role" => {
            (String::from("`role` has no value"), "write role=arn:aws:iam::123456789012:role/NAME")
        }
        "allow_override" => {
            (String::from("`allow_override` has no value"), "write allow_override=true")
        }
        "sources" => (String::from("`sources` has no value"), "write sources=[\"prod-db\"]"),
        other => (
            match quotable_name(other, may_be_value) {
                Some(name) => format!("{name} is not an attribute with a value"),
                None => String::from("this is not an attribute with a value"),
            },
            "write sources=[..], role=.. or allow_override=..",
        ),
    };
    SpecError::new(message, range, Some(String::from(help)))
}

/// Replaces an error that may quote a piece of a value.
fn hide_quotes(error: &mut SpecError) {
    let help = Some(String::from("correct what stands before it first"));
    *error = SpecError::new("this attribute cannot be read", error.range(), help);
}

/// Returns the name of an attribute in quotes, if it can safely be quoted in an error.
fn quotable_name(name: &str, may_be_value: bool) -> Option<String> {
    if may_be_value { None } else { quoted_source(name) }
}

/// Whether a piece of the text is one complete value: words without JSON punctuation, or JSON other than an object.
/// No attribute takes an object, and a brace inside its content may have closed it too early.
fn is_complete_value(piece: &str) -> bool {
    let is_sign = |c: char| is_quote(c) || matches!(c, '{' | '}' | '[' | ']');
    let is_object = |node: &Node<_>| matches!(node.value, Value::Map(_));
    !piece.contains(is_sign) || read_json(piece).is_ok_and(|node| !is_object(&node))
}

/// Returns the end of a value: the next `,name=`, where Metaflow splits too, or the end of the text.
fn find_next_attribute(value: &str) -> usize {
    find_attribute_where(value, |_| true)
}

/// Returns the index of the comma before the next `name=` for which `is_attribute` is true, or the end of the text.
fn find_attribute_where(value: &str, is_attribute: fn(&str) -> bool) -> usize {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once(',') {
        let next = after.trim_start();
        let end = next.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let name = next.strip_suffix(end).unwrap_or_default();
        if !name.is_empty() && end.trim_start().starts_with('=') && is_attribute(name) {
            return value.len() - after.len() - 1;
        }
        rest = after;
    }
    value.len()
}

/// Returns the error for `sources=test-db`: names without brackets, or a list in quotes.
fn unbracketed_list_error(value: &str) -> SpecError {
    let end = find_next_attribute(value);
    let bare = value
        .get(..end)
        .unwrap_or_default()
        .trim_matches(|c: char| c.is_whitespace() || is_quote(c));
    let help = if bare.starts_with(['[', '{']) {
        String::from("remove the quotes around the list")
    } else {
        // Text that is not a source may be anything, even a value of an `inline` source.
        let names = bare.split(',').map(|name| quoted_source(name.trim()));
        let names = names.collect::<Option<Vec<_>>>();
        let names = names.map_or_else(|| String::from("\"prod-db\""), |names| names.join(","));
        format!("write sources=[{names}]")
    };
    let message = match quoted_list(bare) {
        Some(found) => format!("`sources` is a JSON list, not {found}"),
        None => String::from("`sources` is a JSON list"),
    };
    SpecError::new(message, 0..end, Some(help))
}
