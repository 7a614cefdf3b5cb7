use alloc::{string::String, vec::Vec};

use crate::{
    grammar::{
        backend_type::BackendType, group_and_key::check_alias, id::check_id, role::SourceRole,
        source_text::check_source,
    },
    model::{
        options::{InlineVars, OptionValue, Options, check_option},
        source::Source,
    },
    syntax::node::TextNode,
};

/// The fields of a source.
pub const SOURCE_FIELDS: &[&str] = &["id", "type", "options", "role", "group"];

/// A source whose syntax has been read, but whose texts may be constants that only the compiler knows. Its `Debug`
/// shows no texts.
#[derive(Debug, Clone)]
pub struct SourceDraft<S> {
    /// Whether the source has fields. Its `id` is not split at a dot then.
    pub with_fields: bool,
    /// The id, or the whole text of a source without fields.
    pub id: TextNode<S>,
    /// `type`.
    pub backend: Option<TextNode<S>>,
    /// `group`.
    pub group: Option<TextNode<S>>,
    /// `role`.
    pub role: Option<TextNode<S>>,
    /// `options`.
    pub options: OptionsDraft<S>,
    /// The position of the source.
    pub at: S,
}

/// The options of a [`SourceDraft`], in source order.
#[derive(Debug, Clone)]
pub struct OptionsDraft<S>(pub(crate) Vec<OptionDraft<S>>);

/// An option whose name is known.
#[derive(Debug, Clone)]
pub struct OptionDraft<S> {
    /// The name.
    pub name: String,
    /// The position of the name.
    pub at: S,
    /// The value.
    pub value: OptionDraftValue<S>,
}

/// The value of an [`OptionDraft`]. Its `Debug` shows no text.
#[derive(Debug, Clone)]
pub enum OptionDraftValue<S> {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(u8),
    /// A text.
    Text(TextNode<S>),
    /// Names and texts.
    Texts(Vec<(String, TextNode<S>)>),
}

impl<S> Default for OptionsDraft<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S> OptionsDraft<S> {
    /// Returns the option of this name, if it is set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OptionDraft<S>> {
        self.0.iter().find(|option| option.name == name)
    }

    /// Iterates over the options.
    pub fn iter(&self) -> impl Iterator<Item = &OptionDraft<S>> {
        self.0.iter()
    }

    /// Whether no option is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the options; `None` if a text is not known or is invalid.
    pub(crate) fn into_options(self) -> Option<Options> {
        let mut options = Options::default();
        for OptionDraft { name, value, .. } in self.0 {
            let value = match value {
                OptionDraftValue::Flag(value) => OptionValue::Flag(value),
                OptionDraftValue::Number(value) => OptionValue::Number(value),
                OptionDraftValue::Text(text) => {
                    let text = text.known?;
                    if check_option(&name, &text).is_some() {
                        return None;
                    }
                    // An empty name for the variable counts as none.
                    if text.is_empty() && name == "env_var_name" {
                        continue;
                    }
                    OptionValue::Text(text)
                }
                OptionDraftValue::Texts(texts) => {
                    let texts = texts.into_iter().map(|(name, text)| Some((name, text.known?)));
                    OptionValue::Texts(texts.collect::<Option<InlineVars>>()?)
                }
            };
            options.set(&name, value);
        }
        Some(options)
    }
}

impl<S> SourceDraft<S> {
    /// Returns the group by which the body reads the source, if it is known.
    #[must_use]
    pub fn group_text(&self) -> Option<&str> {
        if let Some(group) = &self.group {
            return group.known.as_deref();
        }
        let id = self.id.known.as_deref()?;
        if self.with_fields {
            return Some(id);
        }
        check_source(id).ok().and_then(|layout| id.get(layout.id..))
    }

    /// Returns the source; `None` if a text is not known or is invalid.
    #[must_use]
    pub fn into_source(self) -> Option<Source> {
        if !self.with_fields {
            return Source::parse(&self.id.known?).ok();
        }
        let id = self.id.known?;
        let group = known(self.group)?;
        let backend = match known(self.backend)? {
            Some(text) => Some(BackendType::parse(&text).ok()?),
            None => None,
        };
        if check_id(backend.as_ref().map(BackendType::as_str), &id).is_some()
            || group.as_deref().is_some_and(|group| check_alias(group).is_some())
        {
            return None;
        }
        let role = match known(self.role)? {
            Some(text) => SourceRole::parse_for(backend.as_ref(), &text).ok()?,
            None => SourceRole::Inherit,
        };
        let options = self.options.into_options()?;
        Some(Source { origin: id.clone(), id, backend, group, role, options })
    }
}

/// Returns `None` if there is a text that is not known, and `Some(None)` if there is no text.
fn known<S>(text: Option<TextNode<S>>) -> Option<Option<String>> {
    match text {
        None => Some(None),
        Some(text) => text.known.map(Some),
    }
}
