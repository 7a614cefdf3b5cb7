use alloc::string::String;
use core::fmt::{self, Write};

use crate::{
    BackendType, BuiltIn, Options, SourceRole, SpecError,
    arn::looks_like_arn,
    bytes::{find, same},
    flaw::{Flaw, FlawKind},
    id::{check_typed, check_untyped},
    written::write_text,
};

/// What a source's text says: the built-in type before its first dot, if any, and where the id starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLayout {
    /// The type before the first dot.
    pub built_in: Option<BuiltIn>,
    /// The byte at which the id starts.
    pub id: usize,
}

/// Checks a source that is one text: `name`, `type.id` with a built-in type, or the ARN of a secret.
///
/// # Errors
/// A [`Flaw`] if it is none of them.
pub const fn check_source(text: &str) -> Result<SourceLayout, Flaw> {
    let bytes = text.as_bytes();
    if !looks_like_arn(bytes)
        && let Some(dot) = find(bytes, b'.', 0, bytes.len())
        && dot > 0
    {
        if let Some(built_in) = BuiltIn::of_bytes(bytes, dot) {
            let (_, id) = bytes.split_at(dot + 1);
            let Ok(id) = core::str::from_utf8(id) else {
                return Err(Flaw::new(FlawKind::NameCharacter, dot, bytes.len()));
            };
            if let Some(flaw) = check_typed(Some(built_in), id) {
                return Err(flaw.shifted(dot + 1));
            }
            // Its values stand in its options, and a text has none.
            if matches!(built_in, BuiltIn::Inline) {
                return Err(Flaw::new(FlawKind::InlineText, 0, bytes.len()));
            }
            return Ok(SourceLayout { built_in: Some(built_in), id: dot + 1 });
        }
        if BuiltIn::near_bytes(bytes, dot).is_some() {
            return Err(Flaw::new(FlawKind::PrefixNearly, 0, dot));
        }
    }
    match check_untyped(text) {
        Some(flaw) => Err(flaw),
        None => Ok(SourceLayout { built_in: None, id: 0 }),
    }
}

/// Checks a group that is given to a source: not empty.
#[must_use]
pub const fn check_alias(text: &str) -> Option<Flaw> {
    if text.is_empty() {
        return Some(Flaw::new(FlawKind::AliasEmpty, 0, 0));
    }
    match crate::check_key(text) {
        Some(Flaw { kind: FlawKind::KeyLong, start, end }) => {
            Some(Flaw::new(FlawKind::GroupLong, start, end))
        }
        other => other,
    }
}

/// Whether two texts are the same, in const evaluation.
#[must_use]
pub const fn same_text(a: &str, b: &str) -> bool {
    same(a.as_bytes(), b.as_bytes())
}

/// A source: a whole secret under one id, and how it is read.
///
/// Its `Display` is the text of a plain source and JSON of one with more fields, and either parses back to
/// the same source, but for the values of `inline`, which are masked.
///
/// ```
/// use secrets_spec::Source;
///
/// let source = Source::from_json(r#"{"id": "my-secret", "options": {"json": false}}"#)?;
/// assert_eq!((source.id(), source.options().json), ("my-secret", Some(false)));
/// assert_eq!(Source::from_json(&source.to_string())?, source);
/// # Ok::<(), secrets_spec::SpecError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub(crate) origin: String,
    pub(crate) backend: Option<BackendType>,
    pub(crate) id: String,
    pub(crate) group: Option<String>,
    pub(crate) role: SourceRole,
    pub(crate) options: Options,
}

impl Source {
    /// Reads a source that is one text: `name`, `type.id` with a built-in type, or the ARN of a secret.
    ///
    /// # Errors
    /// If it is none of them.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let layout = check_source(text).map_err(|flaw| flaw.explain(text))?;
        Ok(Self {
            origin: String::from(text),
            backend: layout.built_in.map(BackendType::from),
            id: String::from(&text[layout.id..]),
            group: None,
            role: SourceRole::Inherit,
            options: Options::default(),
        })
    }

    /// The id in its backend.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The source as it was written; for one of several fields, its id.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The type, if one is given.
    #[must_use]
    pub fn backend(&self) -> Option<&BackendType> {
        self.backend.as_ref()
    }

    /// How the body asks for it: the `group` given, else the id.
    #[must_use]
    pub fn group(&self) -> &str {
        self.group.as_deref().unwrap_or(&self.id)
    }

    /// The group that is given, if one is.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// The role asked for.
    #[must_use]
    pub fn role(&self) -> &SourceRole {
        &self.role
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether the id is an ARN.
    #[must_use]
    pub fn is_arn(&self) -> bool {
        looks_like_arn(self.id.as_bytes())
    }

    /// Whether both read the same secret in the same way, whatever their groups.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.backend == other.backend
            && self.id == other.id
            && self.role == other.role
            && self.options == other.options
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.backend {
            Some(backend) => alloc::format!("{backend}.{}", self.id),
            None => self.id.clone(),
        };
        let plain = self.group.is_none()
            && self.role == SourceRole::Inherit
            && self.options == Options::default();
        if plain && Self::parse(&text).is_ok_and(|parsed| self.same_as(&parsed)) {
            return f.write_str(&text);
        }
        write_json(self, f)
    }
}

/// Writes a source as JSON; the values of `inline` are masked.
fn write_json(source: &Source, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let options = source.options();
    f.write_str("{\"id\": ")?;
    write_text(source.id(), f)?;
    let backend = source.backend().map(crate::BackendType::as_str);
    for (name, value) in
        [("type", backend), ("group", source.alias()), ("role", source.role().as_str())]
    {
        if let Some(value) = value {
            write!(f, ", \"{name}\": ")?;
            write_text(value, f)?;
        }
    }
    let mut comma = "";
    if *options != crate::Options::default() {
        f.write_str(", \"options\": {")?;
        for (name, value) in [("json", options.json), ("required", options.required)] {
            if let Some(value) = value {
                write!(f, "{comma}\"{name}\": {value}")?;
                comma = ", ";
            }
        }
        for (name, value) in [
            ("env_var_name", &options.env_var_name),
            ("region", &options.region),
            ("version_id", &options.version_id),
            ("version_stage", &options.version_stage),
        ] {
            if let Some(value) = value {
                write!(f, "{comma}\"{name}\": ")?;
                write_text(value, f)?;
                comma = ", ";
            }
        }
        if let Some(vars) = &options.env_vars {
            write!(f, "{comma}\"env_vars\": {{")?;
            for (index, (name, _)) in vars.iter().enumerate() {
                f.write_str(if index == 0 { "" } else { ", " })?;
                write_text(name, f)?;
                f.write_str(": \"***\"")?;
            }
            f.write_char('}')?;
        }
        f.write_char('}')?;
    }
    f.write_char('}')
}
