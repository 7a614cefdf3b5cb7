use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{
    grammar::{
        backend_type::BackendType, flaw::Flaw, group_and_key::check_alias, id::check_id,
        region::check_region, role::SourceRole, source_text::check_source,
        variable::check_variable_name, version::check_selector,
    },
    model::{
        options::{InlineVars, Options},
        source::Source,
    },
    syntax::node::TextNode,
};

/// The fields of a source.
pub const SOURCE_FIELDS: &[&str] = &["id", "type", "options", "role", "group"];

/// The options of a source.
pub const OPTION_FIELDS: &[&str] =
    &["json", "env_var_name", "region", "version_id", "version_stage", "required", "env_vars"];

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

/// The options of a [`SourceDraft`]. Their `Debug` shows no value of `env_vars`.
#[derive(Clone)]
pub struct OptionsDraft<S> {
    /// `json`.
    pub json: Option<bool>,
    /// `env_var_name`.
    pub env_var_name: Option<TextNode<S>>,
    /// `region`.
    pub region: Option<TextNode<S>>,
    /// `version_id`.
    pub version_id: Option<TextNode<S>>,
    /// `version_stage`.
    pub version_stage: Option<TextNode<S>>,
    /// `required`.
    pub required: Option<bool>,
    /// `env_vars`.
    pub env_vars: Option<Vec<(String, TextNode<S>)>>,
}

impl<S> Default for OptionsDraft<S> {
    fn default() -> Self {
        Self {
            json: None,
            env_var_name: None,
            region: None,
            version_id: None,
            version_stage: None,
            required: None,
            env_vars: None,
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for OptionsDraft<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |vars: &Vec<(String, TextNode<S>)>| {
            vars.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        f.debug_struct("OptionsDraft")
            .field("json", &self.json)
            .field("env_var_name", &self.env_var_name)
            .field("region", &self.region)
            .field("version_id", &self.version_id)
            .field("version_stage", &self.version_stage)
            .field("required", &self.required)
            .field("env_vars", &self.env_vars.as_ref().map(names))
            .finish()
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
        check_source(id).ok().map(|layout| &id[layout.id..])
    }

    /// Returns the source; `None` if a text is not known or is invalid.
    #[must_use]
    pub fn into_source(self) -> Option<Source> {
        if !self.with_fields {
            return Source::parse(&self.id.known?).ok();
        }
        if !self.is_valid() {
            return None;
        }
        let id = self.id.known?;
        let options = self.options;
        let env_vars = match options.env_vars {
            None => None,
            Some(vars) => {
                let vars = vars.into_iter().map(|(name, value)| Some((name, value.known?)));
                Some(vars.collect::<Option<InlineVars>>()?)
            }
        };
        Some(Source {
            origin: id.clone(),
            id,
            backend: match known(self.backend)? {
                Some(text) => Some(BackendType::parse(&text).ok()?),
                None => None,
            },
            group: known(self.group)?,
            role: match known(self.role)? {
                Some(text) => SourceRole::parse(&text).ok()?,
                None => SourceRole::Inherit,
            },
            options: Options {
                json: options.json,
                env_var_name: known(options.env_var_name)?.filter(|name| !name.is_empty()),
                region: known(options.region)?,
                version_id: known(options.version_id)?,
                version_stage: known(options.version_stage)?,
                required: options.required,
                env_vars,
            },
        })
    }
}

impl<S> SourceDraft<S> {
    /// Whether all known texts are valid. Type and role are not checked here, since `into_source` parses them.
    fn is_valid(&self) -> bool {
        let options = &self.options;
        let backend = self.backend.as_ref().and_then(|text| text.known.as_deref());
        let name = |name: &str| if name.is_empty() { None } else { check_variable_name(name) };
        [
            find_flaw(Some(&self.id), |id| check_id(backend, id)),
            find_flaw(self.group.as_ref(), check_alias),
            find_flaw(options.env_var_name.as_ref(), name),
            find_flaw(options.region.as_ref(), check_region),
            find_flaw(options.version_id.as_ref(), check_selector),
            find_flaw(options.version_stage.as_ref(), check_selector),
        ]
        .iter()
        .all(Option::is_none)
    }
}

fn find_flaw<S>(text: Option<&TextNode<S>>, check: impl Fn(&str) -> Option<Flaw>) -> Option<Flaw> {
    check(text?.known.as_deref()?)
}

/// Returns `None` if there is a text that is not known, and `Some(None)` if there is no text.
fn known<S>(text: Option<TextNode<S>>) -> Option<Option<String>> {
    match text {
        None => Some(None),
        Some(text) => text.known.map(Some),
    }
}
