use alloc::{format, string::String, vec::Vec};
use core::ops::Range;

use crate::{
    Complaint, Node, Source, SourceRole, SpecError, Value, closest, json::read_prefix,
    reader::read_sources, role::check_role,
};

const ATTRIBUTES: &[&str] = &["sources", "role", "allow_override"];

/// What `--with 'secrets:sources=["test-db"],role=...,allow_override=true'` attaches to a step at launch.
///
/// The values are JSON, as in Metaflow; a role may stand without quotes.
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
    /// Reads the text of a `--with`.
    ///
    /// # Errors
    /// Every mistake in it, in order.
    pub fn parse(text: &str) -> Result<Self, Vec<SpecError>> {
        let mut errors = Vec::new();
        let with = Self::read(text, &mut errors);
        if errors.is_empty() { Ok(with) } else { Err(errors) }
    }

    /// The sources to add.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The role for them.
    #[must_use]
    pub fn role(&self) -> &SourceRole {
        &self.role
    }

    /// Whether a variable may replace one of the environment.
    #[must_use]
    pub fn allow_override(&self) -> bool {
        self.allow_override
    }

    fn read(text: &str, errors: &mut Vec<SpecError>) -> Self {
        let mut with = Self::default();
        let Some(rest) = text.strip_prefix("secrets") else {
            let help = match text.trim_start().strip_prefix("secrets") {
                Some(_) => format!("remove the space: {}", text.trim_start()),
                None => String::from("write secrets:sources=[\"prod-db\"]"),
            };
            let end = text.find(':').unwrap_or(text.len());
            errors.push(SpecError::new("only `secrets` can be attached", 0..end, Some(help)));
            return with;
        };
        if rest.is_empty() {
            return with;
        }
        let Some(mut rest) = rest.strip_prefix(':') else {
            let help = Some(String::from("write secrets:sources=[\"prod-db\"]"));
            errors.push(SpecError::new("a colon is missing after `secrets`", 7..7, help));
            return with;
        };
        let mut seen: Vec<&str> = Vec::new();
        loop {
            let at = text.len() - rest.len();
            let Some((name, value)) = rest.split_once('=') else {
                let help = Some(String::from("write sources=[\"prod-db\"]"));
                errors.push(SpecError::new("an attribute has no value", at..text.len(), help));
                return with;
            };
            let name_at = at..at + name.len();
            let name = name.trim();
            if seen.contains(&name) {
                let help = Some(String::from("remove one of the two"));
                errors.push(SpecError::new(format!("`{name}` is given twice"), name_at, help));
            } else if !ATTRIBUTES.contains(&name) {
                let help = match closest(name, ATTRIBUTES.iter().copied()) {
                    Some(better) => format!("did you mean `{better}`?"),
                    None => format!("the attributes are {}", ATTRIBUTES.join(", ")),
                };
                let message = format!("unknown attribute {}", crate::flaw::excerpt(name));
                errors.push(SpecError::new(message, name_at, Some(help)));
            }
            seen.push(name);
            let offset = text.len() - value.len();
            let end = match name {
                "sources" => with.read_sources(value, offset, errors),
                "role" => with.read_role(value, offset, errors),
                "allow_override" => with.read_allow_override(value, offset, errors),
                _ => Some(next_attribute(value)),
            };
            let Some(end) = end else { return with };
            match value[end..].strip_prefix(',') {
                Some(next) => rest = next,
                None if value[end..].trim().is_empty() => return with,
                None => {
                    let help = Some(String::from("write a comma between attributes"));
                    let range = offset + end..text.len();
                    errors.push(SpecError::new("there is text after a value", range, help));
                    return with;
                }
            }
        }
    }

    fn read_sources(
        &mut self,
        value: &str,
        offset: usize,
        errors: &mut Vec<SpecError>,
    ) -> Option<usize> {
        let (node, end) = match read_prefix(value) {
            Ok(read) => read,
            Err(error) => {
                let bracket = value.trim_start().starts_with(['[', '{', '"']);
                let error = if bracket { error } else { bare_list(value) };
                errors.push(error.shifted(offset));
                return None;
            }
        };
        // `sources=null` is Metaflow's way of saying none.
        if matches!(node.value, Value::Null) {
            return Some(end);
        }
        let mut complaints: Vec<Complaint<Range<usize>>> = Vec::new();
        let drafts = read_sources(&node, &mut complaints);
        errors.extend(complaints.into_iter().map(|c| SpecError::from(c).shifted(offset)));
        self.sources = drafts.into_iter().filter_map(crate::SourceDraft::into_source).collect();
        Some(end)
    }

    fn read_role(
        &mut self,
        value: &str,
        offset: usize,
        errors: &mut Vec<SpecError>,
    ) -> Option<usize> {
        let (text, end) = match read_prefix(value) {
            Ok((Node { value: Value::Null, .. }, end)) => return Some(end),
            Ok((Node { value: Value::Text(text), .. }, end)) => (text, end),
            _ => {
                let end = next_attribute(value);
                (String::from(value[..end].trim()), end)
            }
        };
        if let Some(flaw) = check_role(&text) {
            let error = flaw.explain(&text);
            let help = error.help().map(String::from);
            errors.push(SpecError::new(error.message(), offset..offset + end, help));
        } else if let Ok(role) = SourceRole::parse(&text) {
            self.role = role;
        }
        Some(end)
    }

    fn read_allow_override(
        &mut self,
        value: &str,
        offset: usize,
        errors: &mut Vec<SpecError>,
    ) -> Option<usize> {
        let end = next_attribute(value);
        match value[..end].trim() {
            "true" => self.allow_override = true,
            "false" => self.allow_override = false,
            other => {
                let meant = match other.trim_matches(['"', '\'']).to_ascii_lowercase().as_str() {
                    "true" | "1" | "yes" => "write allow_override=true",
                    "false" | "0" | "no" => "write allow_override=false",
                    _ => "write true or false",
                };
                let message = "`allow_override` is true or false";
                errors.push(SpecError::new(
                    message,
                    offset..offset + end,
                    Some(String::from(meant)),
                ));
            }
        }
        Some(end)
    }
}

/// Where the value ends: at the next `,name=`, as Metaflow cuts it, or at the end.
fn next_attribute(value: &str) -> usize {
    let mut from = 0;
    while let Some(comma) = value[from..].find(',').map(|at| at + from) {
        let next = &value[comma + 1..];
        let name = next.trim_start();
        let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
        if end > 0 && name[end..].trim_start().starts_with('=') {
            return comma;
        }
        from = comma + 1;
    }
    value.len()
}

/// `sources=test-db`: one bare name, where a list belongs.
fn bare_list(value: &str) -> SpecError {
    let end = next_attribute(value);
    let name =
        value[..end].trim().trim_matches(['\'', '\u{201C}', '\u{201D}', '\u{2018}', '\u{2019}']);
    let help = format!("write sources=[\"{name}\"]");
    SpecError::new("`sources` is a JSON list", 0..end, Some(help))
}
