use alloc::string::String;
use core::fmt;

use crate::{
    MAX_NAME_BYTES, SpecError,
    arn::secret_arn_head,
    bytes::{char_end, control, find, has_at, parent_component, same},
    check_env_var,
    flaw::{Flaw, FlawKind},
    id::looks_like_arn,
    name::other_than_name,
};

/// How a requested secret is given to the body: Flyte's `mount_requirement`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::upper_case_acronyms, reason = "the names are Flyte's")]
#[allow(non_camel_case_types, reason = "the names are Flyte's")]
pub enum MountType {
    /// By `secrets.get` alone.
    #[default]
    ANY,
    /// As an environment variable of Flyte's name too.
    ENV_VAR,
    /// As a file too: `secrets.file(group, key)`.
    FILE,
}

impl MountType {
    /// The name as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ANY => "ANY",
            Self::ENV_VAR => "ENV_VAR",
            Self::FILE => "FILE",
        }
    }

    /// Reads `ANY`, `ENV_VAR` or `FILE`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::ANY, Self::ENV_VAR, Self::FILE].into_iter().find(|mount| mount.as_str() == text)
    }
}

impl fmt::Display for MountType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A secret that a step requests by group and key, as a constant: Flyte's `Secret`.
///
/// ```
/// use secrets_spec::{MountType, Secret};
///
/// const PASSWORD: Secret = Secret::new("db", "password").mount_requirement(MountType::FILE);
/// assert_eq!((PASSWORD.view().group, PASSWORD.view().key), ("db", "password"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Secret(RequestView<'static>);

impl Secret {
    /// A request for `key` of `group`. One of the two may be empty.
    #[must_use]
    pub const fn new(group: &'static str, key: &'static str) -> Self {
        let mount_requirement = MountType::ANY;
        Self(RequestView { group, key, group_version: None, mount_requirement, env_var: None })
    }

    /// The version of the group.
    #[must_use]
    pub const fn group_version(self, version: &'static str) -> Self {
        Self(RequestView { group_version: Some(version), ..self.0 })
    }

    /// How it is given to the body.
    #[must_use]
    pub const fn mount_requirement(self, mount_requirement: MountType) -> Self {
        Self(RequestView { mount_requirement, ..self.0 })
    }

    /// The variable it is also given as.
    #[must_use]
    pub const fn env_var(self, name: &'static str) -> Self {
        Self(RequestView { env_var: Some(name), ..self.0 })
    }

    /// Its parts.
    #[must_use]
    pub const fn view(&self) -> RequestView<'static> {
        self.0
    }
}

/// The parts of a request, whoever owns them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestView<'a> {
    /// The group; empty if there is none.
    pub group: &'a str,
    /// The key; empty if there is none.
    pub key: &'a str,
    /// The version of the group.
    pub group_version: Option<&'a str>,
    /// How it is given to the body.
    pub mount_requirement: MountType,
    /// The variable it is also given as.
    pub env_var: Option<&'a str>,
}

impl RequestView<'_> {
    /// What is wrong with it, and with which part.
    #[must_use]
    pub const fn check(&self) -> Option<Flaw> {
        if let Some(flaw) = check_group_and_key(self.group, self.key) {
            return Some(flaw);
        }
        if let Some(version) = self.group_version
            && let Some(flaw) = check_version(version)
        {
            return Some(flaw);
        }
        match self.env_var {
            Some(name) => check_env_var(name),
            None => None,
        }
    }

    /// The byte at `at` of the non-empty parts with `separator` between them.
    const fn joined(&self, at: usize, separator: u8) -> Option<u8> {
        let version = match self.group_version {
            Some(version) => version,
            None => "",
        };
        let parts = [self.group.as_bytes(), version.as_bytes(), self.key.as_bytes()];
        let (mut left, mut started, mut part) = (at, false, 0);
        while part < 3 {
            if !parts[part].is_empty() {
                if started {
                    if left == 0 {
                        return Some(separator);
                    }
                    left -= 1;
                }
                if left < parts[part].len() {
                    return Some(parts[part][left]);
                }
                left -= parts[part].len();
                started = true;
            }
            part += 1;
        }
        None
    }
}

/// Checks a group and a key together: one of them is enough, an ARN may be split between them, separators
/// belong into the group.
#[must_use]
pub const fn check_group_and_key(group: &str, key: &str) -> Option<Flaw> {
    let (group, key) = (group.as_bytes(), key.as_bytes());
    if group.is_empty() && key.is_empty() {
        return Some(Flaw::new(FlawKind::RequestEmpty, 0, 0));
    }
    if group.len() > MAX_NAME_BYTES {
        return Some(Flaw::new(FlawKind::GroupLong, MAX_NAME_BYTES, group.len()));
    }
    if key.len() > MAX_NAME_BYTES {
        return Some(Flaw::new(FlawKind::KeyLong, MAX_NAME_BYTES, key.len()));
    }
    if let Some(at) = control(group, 0, group.len()) {
        return Some(Flaw::new(FlawKind::TextControl, at, char_end(group, at)));
    }
    if let Some(at) = control(key, 0, key.len()) {
        return Some(Flaw::new(FlawKind::TextControl, at, char_end(key, at)));
    }
    if looks_like_arn(group) {
        return check_split_arn(group, key);
    }
    if let Some(at) = parent_component(group, 0, group.len()) {
        return Some(Flaw::new(FlawKind::GroupPath, at, at + 2));
    }
    if !group.is_empty() && (group[0] == b'/' || group[0] == b'\\') {
        return Some(Flaw::new(FlawKind::GroupPath, 0, 1));
    }
    if same(key, b".") || same(key, b"..") {
        return Some(Flaw::new(FlawKind::KeyPath, 0, key.len()));
    }
    let mut i = 0;
    while i < key.len() {
        if key[i] == b'/' || key[i] == b'\\' {
            return Some(Flaw::new(FlawKind::KeySeparator, i, i + 1));
        }
        i += 1;
    }
    None
}

/// Union's form: the ARN up to `secret` or `secret:` is the group, the secret's name the key.
const fn check_split_arn(group: &[u8], key: &[u8]) -> Option<Flaw> {
    let layout = match secret_arn_head(group) {
        Ok(layout) => layout,
        Err(flaw) => return Some(flaw),
    };
    let resource = layout.resource;
    let bare = group.len() == resource + 6 && has_at(group, resource, b"secret");
    if !(bare || has_at(group, resource, b"secret:")) {
        return Some(Flaw::new(FlawKind::ArnResource, resource, group.len()));
    }
    let in_group = if bare { group.len() } else { resource + 7 };
    if let Some(at) = other_than_name(group, in_group)
        && at + 1 < group.len()
    {
        return Some(Flaw::new(FlawKind::ArnName, at, char_end(group, at)));
    }
    let start = if has_at(key, 0, b":") { 1 } else { 0 };
    if let Some(at) = other_than_name(key, start) {
        return Some(Flaw::new(FlawKind::ArnName, at, char_end(key, at)));
    }
    if key.len() == start && in_group >= group.len() {
        return Some(Flaw::new(FlawKind::ArnName, group.len(), group.len()));
    }
    None
}

/// Checks a group's version: 1 to 256 characters, no control characters, no path separator.
#[must_use]
pub const fn check_version(text: &str) -> Option<Flaw> {
    let bytes = text.as_bytes();
    let path = find(bytes, b'/', 0, bytes.len()).is_some()
        || find(bytes, b'\\', 0, bytes.len()).is_some()
        || same(bytes, b".")
        || same(bytes, b"..");
    if bytes.is_empty() || bytes.len() > 256 || path || control(bytes, 0, bytes.len()).is_some() {
        return Some(Flaw::new(FlawKind::VersionText, 0, bytes.len()));
    }
    None
}

/// What two requests of one step must not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clash {
    /// Group, version and key.
    Same,
    /// Group, version and key, but for their case.
    Case,
    /// The variable or the file that Flyte would mount them as.
    Name,
    /// `env_var`.
    EnvVar,
}

impl Clash {
    /// What they share, and what to do.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Same => "this secret is requested twice: remove one of the two",
            Self::Case => {
                "two requests differ only by case, and Flyte's variable and file are the same for both: remove one of the two"
            }
            Self::Name => {
                "two requests have the same variable or file in Flyte: choose another group or key for one of them"
            }
            Self::EnvVar => "two requests share an `env_var`: give each a name of its own",
        }
    }
}

/// What two requests share that they must not, if anything.
#[must_use]
pub const fn clash(a: RequestView<'_>, b: RequestView<'_>) -> Option<Clash> {
    if let (Some(one), Some(other)) = (a.env_var, b.env_var)
        && same(one.as_bytes(), other.as_bytes())
    {
        return Some(Clash::EnvVar);
    }
    let mut exact = true;
    let (mut name, mut path) = (true, true);
    let mut i = 0;
    loop {
        match (a.joined(i, b'_'), b.joined(i, b'_'), a.joined(i, b'/'), b.joined(i, b'/')) {
            (None, None, ..) => break,
            (Some(x), Some(y), Some(p), Some(q)) => {
                exact = exact && p == q;
                name = name && x.eq_ignore_ascii_case(&y);
                path = path && p.eq_ignore_ascii_case(&q);
            }
            _ => return None,
        }
        i += 1;
    }
    let shape = a.group.len() == b.group.len() && a.key.len() == b.key.len();
    if exact && shape {
        Some(Clash::Same)
    } else if path && shape {
        Some(Clash::Case)
    } else if name || path {
        Some(Clash::Name)
    } else {
        None
    }
}

/// A secret that a step requests by group and key.
///
/// ```
/// let request = secrets_spec::Request::new("db", "password")?;
/// assert_eq!(request.to_string(), "db/password");
/// assert!(secrets_spec::Request::new("db", "a/b").is_err());
/// # Ok::<(), secrets_spec::SpecError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    group: String,
    key: String,
    group_version: Option<String>,
    mount_requirement: MountType,
    env_var: Option<String>,
}

impl Request {
    /// A request for `key` of `group`. One of the two may be empty.
    ///
    /// # Errors
    /// If both are empty, or one of them breaks the grammar.
    pub fn new(group: &str, key: &str) -> Result<Self, SpecError> {
        let mount_requirement = MountType::ANY;
        let (group_version, env_var) = (None, None);
        Self::from_view(RequestView { group, key, group_version, mount_requirement, env_var })
    }

    /// A request of these parts.
    ///
    /// # Errors
    /// If a part breaks the grammar.
    pub fn from_view(view: RequestView<'_>) -> Result<Self, SpecError> {
        if let Some(flaw) = view.check() {
            return Err(flaw.explain(view.part(flaw.kind)));
        }
        Ok(Self {
            group: String::from(view.group),
            key: String::from(view.key),
            group_version: view.group_version.map(String::from),
            mount_requirement: view.mount_requirement,
            env_var: view.env_var.map(String::from),
        })
    }

    /// Its parts.
    #[must_use]
    pub fn view(&self) -> RequestView<'_> {
        RequestView {
            group: &self.group,
            key: &self.key,
            group_version: self.group_version.as_deref(),
            mount_requirement: self.mount_requirement,
            env_var: self.env_var.as_deref(),
        }
    }

    /// The ARN that a group and key are together (F8), if the group is the start of one: the group without
    /// its trailing `:`, a `:`, and the key without its leading `:`.
    #[must_use]
    pub fn joined_arn(&self) -> Option<String> {
        if !looks_like_arn(self.group.as_bytes()) {
            return None;
        }
        let key = self.key.strip_prefix(':').unwrap_or(&self.key);
        let group = self.group.strip_suffix(':').unwrap_or(&self.group);
        Some(if key.is_empty() { String::from(group) } else { alloc::format!("{group}:{key}") })
    }
}

impl<'a> RequestView<'a> {
    /// The part that a flaw of this kind is in.
    #[must_use]
    pub fn part(&self, kind: FlawKind) -> &'a str {
        match kind {
            FlawKind::VersionText => self.group_version.unwrap_or_default(),
            FlawKind::EnvVarShape | FlawKind::VariableReserved => self.env_var.unwrap_or_default(),
            FlawKind::KeyLong | FlawKind::KeySeparator | FlawKind::KeyPath => self.key,
            FlawKind::TextControl
                if control(self.group.as_bytes(), 0, self.group.len()).is_none() =>
            {
                self.key
            }
            FlawKind::ArnName
                if check_group_and_key(self.group, "x").is_none() && !self.key.is_empty() =>
            {
                self.key
            }
            _ => self.group,
        }
    }
}

impl TryFrom<Secret> for Request {
    type Error = SpecError;

    fn try_from(secret: Secret) -> Result<Self, SpecError> {
        Self::from_view(secret.view())
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.group.is_empty(), self.key.is_empty()) {
            (false, false) => write!(f, "{}/{}", self.group, self.key)?,
            _ => write!(f, "{}{}", self.group, self.key)?,
        }
        match &self.group_version {
            Some(version) => write!(f, " (version {version})"),
            None => Ok(()),
        }
    }
}
