//! Sources and requests that have been read but may hold texts that only the compiler knows.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{
    BackendType, Flaw, InlineVars, MountType, Options, Request, RequestView, Source, SourceRole,
    check_alias, check_id, check_region, check_selector, check_variable_name,
};

/// A text, known or only to the compiler. Its `Debug` does not show it, since the values of `inline` are texts.
#[derive(Clone)]
pub struct Text<S> {
    /// The text, if it is known.
    pub known: Option<String>,
    /// Where it stands.
    pub at: S,
}

impl<S: fmt::Debug> fmt::Debug for Text<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = if self.known.is_some() { "a text" } else { "a constant" };
        f.debug_struct("Text")
            .field("known", &format_args!("{known}"))
            .field("at", &self.at)
            .finish()
    }
}

/// A source that has been read. Its `Debug` shows names of fields and no texts.
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

/// Options that have been read. Their `Debug` shows no value of `env_vars`.
#[derive(Clone)]
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

impl<S: fmt::Debug> fmt::Debug for OptionsDraft<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |vars: &Vec<(String, Text<S>)>| {
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
        if !self.with_fields {
            return Source::parse(&self.id.known?).ok();
        }
        if !self.is_good() {
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
    /// Whether every text of it that is known obeys its grammar. A bad type and a bad role are found where they
    /// are read.
    fn is_good(&self) -> bool {
        let options = &self.options;
        let backend = self.backend.as_ref().and_then(|text| text.known.as_deref());
        let name = |name: &str| if name.is_empty() { None } else { check_variable_name(name) };
        [
            flaw(Some(&self.id), |id| check_id(backend, id)),
            flaw(self.group.as_ref(), check_alias),
            flaw(options.env_var_name.as_ref(), name),
            flaw(options.region.as_ref(), check_region),
            flaw(options.version_id.as_ref(), check_selector),
            flaw(options.version_stage.as_ref(), check_selector),
        ]
        .iter()
        .all(Option::is_none)
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

fn flaw<S>(text: Option<&Text<S>>, check: impl Fn(&str) -> Option<Flaw>) -> Option<Flaw> {
    check(text?.known.as_deref()?)
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
