//! Sources and requests that have been read but may hold texts that only the compiler knows.

use alloc::{string::String, vec::Vec};

use crate::{
    BackendType, InlineVars, MountType, Options, Request, RequestView, Source, SourceRole,
};

/// A text, known or only to the compiler.
#[derive(Debug, Clone)]
pub struct Text<S> {
    /// The text, if it is known.
    pub known: Option<String>,
    /// Where it stands.
    pub at: S,
}

/// A source that has been read.
#[derive(Debug, Clone)]
pub struct SourceDraft<S> {
    /// Whether it was written with fields, whose `id` is never split at a dot.
    pub with_fields: bool,
    /// The id; of a source without fields, the whole text.
    pub id: Text<S>,
    /// `type`.
    pub backend: Option<Text<S>>,
    /// `group`.
    pub group: Option<Text<S>>,
    /// `role`.
    pub role: Option<Text<S>>,
    /// `options`.
    pub options: OptionsDraft<S>,
    /// Where the source stands.
    pub at: S,
}

/// Options that have been read.
#[derive(Debug, Clone)]
pub struct OptionsDraft<S> {
    /// `json`.
    pub json: Option<bool>,
    /// `env_var_name`.
    pub env_var_name: Option<Text<S>>,
    /// `region`.
    pub region: Option<Text<S>>,
    /// `version_id`.
    pub version_id: Option<Text<S>>,
    /// `version_stage`.
    pub version_stage: Option<Text<S>>,
    /// `required`.
    pub required: Option<bool>,
    /// `env_vars`.
    pub env_vars: Option<Vec<(String, Text<S>)>>,
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

/// A request that has been read.
#[derive(Debug, Clone)]
pub struct RequestDraft<S> {
    /// The whole request, if it is a path to a `const` of type `Secret`; its parts are empty then.
    pub constant: bool,
    /// `group`.
    pub group: Option<Text<S>>,
    /// `key`.
    pub key: Option<Text<S>>,
    /// `group_version`.
    pub group_version: Option<Text<S>>,
    /// `mount_requirement`.
    pub mount_requirement: MountType,
    /// `env_var`.
    pub env_var: Option<Text<S>>,
    /// Where the request stands.
    pub at: S,
}

impl<S> SourceDraft<S> {
    /// The group by which the body asks, if it is known.
    #[must_use]
    pub fn group_text(&self) -> Option<&str> {
        if let Some(group) = &self.group {
            return group.known.as_deref();
        }
        let id = self.id.known.as_deref()?;
        if self.with_fields {
            return Some(id);
        }
        crate::check_source(id).ok().map(|layout| &id[layout.id..])
    }

    /// The source; `None` where a text is known only to the compiler or breaks the grammar.
    #[must_use]
    pub fn into_source(self) -> Option<Source> {
        let id = self.id.known?;
        if !self.with_fields {
            return Source::parse(&id).ok();
        }
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

impl<S> RequestDraft<S> {
    /// The request's parts; `None` where one is known only to the compiler.
    #[must_use]
    pub fn view(&self) -> Option<RequestView<'_>> {
        if self.constant {
            return None;
        }
        Some(RequestView {
            group: known_ref(self.group.as_ref())?.unwrap_or_default(),
            key: known_ref(self.key.as_ref())?.unwrap_or_default(),
            group_version: known_ref(self.group_version.as_ref())?,
            mount_requirement: self.mount_requirement,
            env_var: known_ref(self.env_var.as_ref())?,
        })
    }

    /// The request; `None` where a text is known only to the compiler or breaks the grammar.
    #[must_use]
    pub fn into_request(self) -> Option<Request> {
        Request::from_view(self.view()?).ok()
    }
}

/// `None` if the text is there but not known; `Some(None)` if it is not there.
fn known<S>(text: Option<Text<S>>) -> Option<Option<String>> {
    match text {
        None => Some(None),
        Some(text) => text.known.map(Some),
    }
}

fn known_ref<S>(text: Option<&Text<S>>) -> Option<Option<&str>> {
    match text {
        None => Some(None),
        Some(text) => text.known.as_deref().map(Some),
    }
}
