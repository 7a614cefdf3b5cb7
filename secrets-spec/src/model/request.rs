use alloc::{format, string::String};
use core::fmt::{self, Write};

use crate::{
    grammar::{
        arn::looks_like_arn, group_and_key::RequestPart, spec_error::SpecError,
        version::check_version,
    },
    model::{mount_type::MountType, request_view::RequestView, secret::Secret},
    text::escape::write_json_string,
};

/// A request for a secret by group and key.
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
    /// Creates a request for `key` of `group`. One of the two may be empty.
    ///
    /// # Errors
    /// If both are empty or one of them is invalid.
    pub fn new(group: &str, key: &str) -> Result<Self, SpecError> {
        let mount_requirement = MountType::ANY;
        let (group_version, env_var) = (None, None);
        Self::from_view(RequestView { group, key, group_version, mount_requirement, env_var })
    }

    /// Creates a request from its parts.
    ///
    /// # Errors
    /// If a part is invalid.
    pub fn from_view(view: RequestView<'_>) -> Result<Self, SpecError> {
        if let Some((part, flaw)) = view.flaw() {
            return Err(flaw.explain(view.text(part)));
        }
        Ok(Self {
            group: String::from(view.group),
            key: String::from(view.key),
            group_version: view.group_version.map(String::from),
            mount_requirement: view.mount_requirement,
            env_var: view.env_var.map(String::from),
        })
    }

    /// Parses the form for people: `group/key` or a key alone, optionally followed by ` (version v)`.
    pub(crate) fn read_plain(text: &str) -> Result<Self, SpecError> {
        let versioned = text.strip_suffix(')').and_then(|text| text.rsplit_once(" (version "));
        let (rest, group_version) = match versioned {
            Some((rest, version)) if check_version(version).is_none() => (rest, Some(version)),
            _ => (text, None),
        };
        let is_arn = looks_like_arn(rest.as_bytes());
        let split = if is_arn { rest.split_once('/') } else { rest.rsplit_once('/') };
        let (group, key) = split.unwrap_or(if is_arn { (rest, "") } else { ("", rest) });
        let view = RequestView { group_version, ..Secret::new("", "").view() };
        let view = RequestView { group, key, ..view };
        match view.flaw() {
            // The key comes after the group and the slash.
            Some((RequestPart::Key, flaw)) => {
                let offset = rest.len() - key.len();
                Err(flaw.explain(key).shifted(offset))
            }
            Some((_, flaw)) => Err(flaw.explain(group)),
            None => Self::from_view(view),
        }
    }

    /// Returns the parts of the request.
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

    /// Whether both request the same secret. How the body can read it does not matter.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.group == other.group
            && self.key == other.key
            && self.group_version == other.group_version
    }

    /// Returns the ARN that group and key form together, if the group starts like an ARN: the group without its
    /// trailing `:`, then `:`, then the key without its leading `:`.
    #[must_use]
    pub fn joined_arn(&self) -> Option<String> {
        if !looks_like_arn(self.group.as_bytes()) {
            return None;
        }
        let key = self.key.strip_prefix(':').unwrap_or(&self.key);
        let group = self.group.strip_suffix(':').unwrap_or(&self.group);
        Some(if key.is_empty() { String::from(group) } else { format!("{group}:{key}") })
    }
}

impl TryFrom<Secret> for Request {
    type Error = SpecError;

    fn try_from(secret: Secret) -> Result<Self, SpecError> {
        Self::from_view(secret.view())
    }
}

/// Writes `group/key` or `key`, followed by ` (version v)` if there is a version. Writes JSON if that text would
/// parse as a request for another secret. Only JSON includes `mount_requirement` and `env_var`.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from(self.group.as_str());
        if !self.group.is_empty() && !self.key.is_empty() {
            text.push('/');
        }
        text.push_str(&self.key);
        if let Some(version) = &self.group_version {
            text = format!("{text} (version {version})");
        }
        if Self::read_plain(&text).is_ok_and(|parsed| parsed.same_as(self)) {
            return f.write_str(&text);
        }
        write_json(self, f)
    }
}

/// Writes a request as JSON; fields that are not set are left out.
fn write_json(request: &Request, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let view = request.view();
    let given = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let mount = view.mount_requirement;
    let mut comma = "{";
    for (name, value) in [
        ("group", given(view.group)),
        ("key", given(view.key)),
        ("group_version", view.group_version),
        ("mount_requirement", Some(mount.as_str()).filter(|_| mount != MountType::ANY)),
        ("env_var", view.env_var),
    ] {
        if let Some(value) = value {
            write!(f, "{comma}\"{name}\": ")?;
            write_json_string(value, f)?;
            comma = ", ";
        }
    }
    f.write_char('}')
}
