use alloc::{borrow::Cow, format, string::String, vec, vec::Vec};

use crate::{
    grammar::{
        arn::SecretArn, backend_type::BuiltIn, source_text::check_source, variable::VariableName,
    },
    lock::{
        document::{LockedFields, SecretsLock},
        gap::LockGap,
        readable_keys::ReadableKeys,
    },
    model::{
        options::PayloadFormat,
        request_view::RequestView,
        source::Source,
        source_draft::{OptionDraftValue, SourceDraft},
    },
};

/// A declared source, as a lock sees it: its name there, and which keys can be read of it.
#[derive(Debug, Clone)]
pub struct LockedSource<'a> {
    name: Cow<'a, str>,
    id: &'a str,
    reading: Reading,
    env_var_name: Option<Cow<'a, str>>,
    is_demanded: bool,
}

/// How the options say that the payload is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As the lock says.
    Stored,
    Plain,
    Set,
    /// Only the compiler knows.
    Unknown,
}

impl<'a> LockedSource<'a> {
    /// Returns a source as the lock sees it.
    #[must_use]
    pub fn of(source: &'a Source) -> Self {
        let options = source.options();
        let built_in = source.backend().and_then(|backend| backend.built_in());
        let name = match source.backend() {
            Some(backend) => Cow::Owned(format!("{backend}.{}", source.id())),
            None => Cow::Borrowed(source.id()),
        };
        let reading = Reading::of(options.payload_format());
        let env_var_name = options.env_var_name.as_deref().map(Cow::Borrowed);
        let is_demanded = options.is_required() && !is_of_process(built_in);
        Self { name, id: source.id(), reading, env_var_name, is_demanded }
    }

    /// Returns a source that is one text; `None` if it does not parse.
    #[must_use]
    pub fn of_text(text: &'a str) -> Option<Self> {
        let layout = check_source(text).ok()?;
        Some(Self {
            name: Cow::Borrowed(text),
            id: text.get(layout.id..)?,
            reading: Reading::Stored,
            env_var_name: None,
            is_demanded: !is_of_process(layout.built_in),
        })
    }

    /// Returns a source of an attribute; `None` if only the compiler knows its id or type.
    #[must_use]
    pub fn of_draft<S>(draft: &'a SourceDraft<S>) -> Option<Self> {
        let id = draft.id.known.as_deref()?;
        if !draft.with_fields {
            return Self::of_text(id);
        }
        let backend = match &draft.backend {
            Some(backend) => Some(backend.known.as_deref()?),
            None => None,
        };
        let name = match backend {
            Some(backend) => Cow::Owned(format!("{backend}.{id}")),
            None => Cow::Borrowed(id),
        };
        let (mut reading, mut env_var_name) = (Reading::Stored, None);
        for option in draft.options.iter() {
            match (option.name.as_str(), &option.value) {
                ("json", OptionDraftValue::Flag(json)) => {
                    reading = Reading::of(Some(PayloadFormat::of_json(*json)));
                }
                ("format", OptionDraftValue::Text(text)) => {
                    let format = text.known.as_deref().and_then(PayloadFormat::parse);
                    reading = format.map_or(Reading::Unknown, |format| Reading::of(Some(format)));
                }
                ("env_var_name", OptionDraftValue::Text(text)) => match text.known.as_deref() {
                    Some("") => {}
                    Some(name) => env_var_name = Some(Cow::Borrowed(name)),
                    None => reading = Reading::Unknown,
                },
                _ => {}
            }
        }
        let is_demanded = draft.is_required() && !is_of_process(backend.and_then(BuiltIn::parse));
        Some(Self { name, id, reading, env_var_name, is_demanded })
    }

    /// Returns the name of the source's line: the source as the code writes it, with its type if it has one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the lock must have the source. An optional one, and one that is read from the process or from files of
    /// the machine, may be absent.
    #[must_use]
    pub fn is_demanded(&self) -> bool {
        self.is_demanded
    }

    /// Returns the id in the backend, by which the body reads the source if it has no `group`.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// Whether no option says how the payload is read or what a plain value is called.
    #[must_use]
    pub fn is_read_as_stored(&self) -> bool {
        self.reading == Reading::Stored && self.env_var_name.is_none()
    }

    /// Whether the options read the payload as one plain value, whatever is stored.
    #[must_use]
    pub fn is_read_as_plain(&self) -> bool {
        self.reading == Reading::Plain
    }

    /// Returns the keys that can be read; `None` if the lock does not have the source, or they cannot be known.
    #[must_use]
    pub fn keys<'l>(&self, lock: &'l SecretsLock) -> Option<ReadableKeys<'l>> {
        let fields = lock.get(&self.name)?;
        match (fields, self.reading) {
            (_, Reading::Unknown) | (LockedFields::Text | LockedFields::Binary, Reading::Set) => {
                None
            }
            (LockedFields::Keys(keys), Reading::Stored | Reading::Set) => {
                Some(ReadableKeys::Set(keys))
            }
            _ => Some(ReadableKeys::Plain(self.plain_keys())),
        }
    }

    /// Returns what the lock lacks for this source to be declared.
    #[must_use]
    pub fn gap(&self, lock: &SecretsLock) -> Option<LockGap> {
        let is_there = !self.is_demanded || lock.get(&self.name).is_some();
        (!is_there).then(|| LockGap::secret(&self.name, lock))
    }

    /// Returns what the lock lacks for this key to be read.
    #[must_use]
    pub fn key_gap(&self, key: &str, lock: &SecretsLock) -> Option<LockGap> {
        let keys = self.keys(lock)?;
        (!keys.has(key)).then(|| LockGap::key(&self.name, key, &keys))
    }

    fn plain_keys(&self) -> Vec<String> {
        if let Some(name) = &self.env_var_name {
            return vec![VariableName::map(name)];
        }
        let mut keys = vec![VariableName::map(self.id)];
        if let Ok(arn) = SecretArn::parse(self.id) {
            // The backend names the value, and a partial ARN may look like a full one.
            keys.push(VariableName::map(arn.resource_name()));
            keys.push(VariableName::map(arn.name()));
            keys.dedup();
        }
        keys
    }
}

impl Reading {
    fn of(format: Option<PayloadFormat>) -> Self {
        match format {
            None => Self::Stored,
            Some(PayloadFormat::Text) => Self::Plain,
            Some(PayloadFormat::Json | PayloadFormat::Dotenv) => Self::Set,
        }
    }
}

impl<S> SourceDraft<S> {
    /// Whether a missing secret is an error.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.options
            .get("required")
            .is_none_or(|option| !matches!(option.value, OptionDraftValue::Flag(false)))
    }
}

/// Returns the name of a request's line: its group, or its key if it has no group.
#[must_use]
pub fn locked_request_name<'a>(request: &RequestView<'a>) -> &'a str {
    if request.group.is_empty() { request.key } else { request.group }
}

/// Returns what the lock lacks for a request to be declared.
#[must_use]
pub fn locked_request_gap(request: &RequestView<'_>, lock: &SecretsLock) -> Option<LockGap> {
    let name = locked_request_name(request);
    match lock.get(name) {
        None => Some(LockGap::secret(name, lock)),
        Some(_) if request.group.is_empty() => None,
        Some(_) => locked_key_gap(name, request.key, lock),
    }
}

/// Returns what the lock lacks for this key of a group to be requested. A plain value answers whatever the key is.
#[must_use]
pub fn locked_key_gap(name: &str, key: &str, lock: &SecretsLock) -> Option<LockGap> {
    let Some(LockedFields::Keys(keys)) = lock.get(name) else { return None };
    let keys = ReadableKeys::Set(keys);
    (!keys.has(key)).then(|| LockGap::key(name, key, &keys))
}

const fn is_of_process(built_in: Option<BuiltIn>) -> bool {
    match built_in {
        Some(built_in) => built_in.is_of_process(),
        None => false,
    }
}

/// Whether a source, as the code writes it, has such a type.
pub(super) const fn is_text_of_process(text: &str) -> bool {
    match check_source(text) {
        Ok(layout) => is_of_process(layout.built_in),
        Err(_) => false,
    }
}

/// Whether this is such a type.
pub(super) const fn is_type_of_process(text: &str) -> bool {
    is_of_process(BuiltIn::parse(text))
}
