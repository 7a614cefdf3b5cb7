use alloc::{string::String, vec::Vec};
use core::fmt::{self, Write};

use crate::{
    grammar::{
        arn::looks_like_arn, backend_type::BackendType, role::SourceRole,
        source_text::check_source, spec_error::SpecError,
    },
    model::options::{OptionValue, Options},
    text::escape::write_json_string,
};

/// A source: the id of a whole secret, and how it is read.
///
/// `Display` writes a plain source as text and one with more fields as JSON. Both parse back to the same source,
/// except for the values of `inline` sources, which are masked.
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
    /// Parses a source that is one text: `name`, `type.id` with a built-in type, or the ARN of a secret.
    ///
    /// # Errors
    /// If the text has none of these forms.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let layout = check_source(text).map_err(|flaw| flaw.explain(text))?;
        Ok(Self {
            origin: String::from(text),
            backend: layout.built_in.map(BackendType::from),
            id: String::from(text.get(layout.id..).unwrap_or_default()),
            group: None,
            role: SourceRole::Inherit,
            options: Options::default(),
        })
    }

    /// Creates the source of an id in a backend. Neither is checked by the grammar.
    #[must_use]
    pub fn new(backend: BackendType, id: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            origin: id.clone(),
            backend: Some(backend),
            id,
            group: None,
            role: SourceRole::Inherit,
            options: Options::default(),
        }
    }

    /// Returns the source that another backend has under the group of this one: without a role, and with no option
    /// but `required`.
    #[must_use]
    pub fn in_backend(self, backend: BackendType) -> Self {
        let id = String::from(self.group());
        let mut options = Options::default();
        options.required = self.options.required;
        Self { backend: Some(backend), id, role: SourceRole::Inherit, options, ..self }
    }

    /// Returns this source with another type and id, under its group.
    #[must_use]
    pub fn in_type(&self, backend: BackendType, id: impl Into<String>) -> Self {
        let group = Some(String::from(self.group()));
        Self { backend: Some(backend), id: id.into(), group, ..self.clone() }
    }

    /// Returns the id in the backend.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the text from which the source was parsed; for a source with fields, its id.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the type, if it is set.
    #[must_use]
    pub fn backend(&self) -> Option<&BackendType> {
        self.backend.as_ref()
    }

    /// Returns the group by which the body reads the source: the `group` field, or the id.
    #[must_use]
    pub fn group(&self) -> &str {
        self.group.as_deref().unwrap_or(&self.id)
    }

    /// Returns the `group` field, if it is set.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// Returns the role.
    #[must_use]
    pub fn role(&self) -> &SourceRole {
        &self.role
    }

    /// Returns the options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Sets an option, as [`Options::set`] does.
    pub fn set_option(&mut self, name: &str, value: OptionValue) {
        self.options.set(name, value);
    }

    /// Whether the id is an ARN.
    #[must_use]
    pub fn is_arn(&self) -> bool {
        looks_like_arn(self.id.as_bytes())
    }

    /// Whether both read the same secret in the same way. Their groups do not matter.
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
    write_json_string(source.id(), f)?;
    let backend = source.backend().map(BackendType::as_str);
    for (name, value) in
        [("type", backend), ("group", source.alias()), ("role", source.role().as_str())]
    {
        if let Some(value) = value {
            write!(f, ", \"{name}\": ")?;
            write_json_string(value, f)?;
        }
    }
    if *options != Options::default() {
        f.write_str(", \"options\": {")?;
        write_options(options, f)?;
        f.write_char('}')?;
    }
    f.write_char('}')
}

/// Writes the options as the members of a JSON object: flags first, then numbers, texts, then sets of texts.
fn write_options(options: &Options, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut comma = "";
    let rank = |value: &OptionValue| match value {
        OptionValue::Flag(_) => 0,
        OptionValue::Number(_) => 1,
        OptionValue::Text(_) => 2,
        OptionValue::Texts(_) => 3,
    };
    let mut options: Vec<(&str, OptionValue)> = options.iter().collect();
    options.sort_by_key(|(_, value)| rank(value));
    for (name, value) in options {
        f.write_str(comma)?;
        write_json_string(name, f)?;
        f.write_str(": ")?;
        match value {
            OptionValue::Flag(value) => write!(f, "{value}")?,
            OptionValue::Number(value) => write!(f, "{value}")?,
            OptionValue::Text(text) => write_json_string(&text, f)?,
            OptionValue::Texts(texts) => {
                f.write_char('{')?;
                for (index, (name, _)) in texts.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    write_json_string(name, f)?;
                    f.write_str(": \"***\"")?;
                }
                f.write_char('}')?;
            }
        }
        comma = ", ";
    }
    Ok(())
}
