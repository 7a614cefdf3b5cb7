use alloc::string::String;
use core::fmt;

use crate::{
    grammar::{
        arn::{is_account, split_arn},
        backend_type::{BackendType, BuiltIn},
        flaw::{Flaw, FlawKind},
        name::check_length_and_characters,
        spec_error::SpecError,
    },
    text::bytes::{char_end, matches_at},
};

/// Checks the ARN of an IAM role: `arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME`.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>.
///
/// ```
/// use secrets_spec::check_role_arn;
///
/// const _: () = assert!(check_role_arn("arn:aws:iam::123456789012:role/SecretsAccess").is_none());
/// assert!(check_role_arn("SecretsAccess").is_some());
/// ```
#[must_use]
pub const fn check_role_arn(text: &str) -> Option<Flaw> {
    let bytes = text.as_bytes();
    let layout = match split_arn(bytes, FlawKind::RoleArn) {
        Ok(layout) => layout,
        // The help of `ArnCase` is about the ARN of a secret, not of a role.
        Err(Flaw { kind: FlawKind::ArnCase, start, end }) => {
            return Some(Flaw::new(FlawKind::RoleArn, start, end));
        }
        Err(flaw) => return Some(flaw),
    };
    let service = layout.region - 1 - layout.service;
    if !(service == 3 && matches_at(bytes, layout.service, b"iam")) {
        return Some(Flaw::new(FlawKind::RoleService, layout.service, layout.region - 1));
    }
    if layout.account - 1 != layout.region {
        return Some(Flaw::new(FlawKind::RoleRegion, layout.region, layout.account - 1));
    }
    if !is_account(bytes, layout.account, layout.resource - 1) {
        return Some(Flaw::new(FlawKind::RoleAccount, layout.account, layout.resource - 1));
    }
    if !matches_at(bytes, layout.resource, b"role/") {
        return Some(Flaw::new(FlawKind::RoleResource, layout.resource, bytes.len()));
    }
    check_path_and_name(bytes, layout.resource + 5)
}

/// Checks `[PATH/]NAME`, which starts at byte `path`. A path, with the slash before it, has at most 512 characters
/// of visible ASCII; a name has 1 to 64 characters. A path with `*` or `?`, which IAM permits, is refused: an ARN with
/// one stands for many roles wherever policies are read.
const fn check_path_and_name(bytes: &[u8], path: usize) -> Option<Flaw> {
    let mut name = path;
    let mut i = path;
    while i < bytes.len() {
        if bytes[i] == b'/' {
            name = i + 1;
        }
        i += 1;
    }
    i = path;
    while i < bytes.len() {
        let good = match bytes[i] {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => true,
            b'_' | b'+' | b'=' | b',' | b'.' | b'@' | b'-' => true,
            b'*' | b'?' => false,
            visible => i < name && visible > b' ' && visible < 0x7F,
        };
        if !good {
            return Some(Flaw::new(FlawKind::RoleName, i, char_end(bytes, i)));
        }
        i += 1;
    }
    if bytes.len() - name > 64 {
        return Some(Flaw::new(FlawKind::RoleNameLong, name + 64, bytes.len()));
    }
    if name == bytes.len() || name - path > 511 {
        return Some(Flaw::new(FlawKind::RoleName, path, bytes.len()));
    }
    None
}

/// Checks a role that may be empty: `""` opts out of an inherited role.
#[must_use]
pub const fn check_role(text: &str) -> Option<Flaw> {
    if text.is_empty() { None } else { check_role_arn(text) }
}

/// Checks the role of a source by the grammar of its type: a type that the user has defined takes any text without
/// control characters, every other type the ARN of an IAM role. An empty role opts out of an inherited one.
///
/// ```
/// use secrets_spec::check_role_of_type;
///
/// assert!(check_role_of_type(Some("my-vault"), "deployer").is_none());
/// assert!(check_role_of_type(None, "deployer").is_some());
/// ```
#[must_use]
pub const fn check_role_of_type(backend: Option<&str>, text: &str) -> Option<Flaw> {
    match backend {
        Some(backend) if BuiltIn::parse(backend).is_none() => {
            check_length_and_characters(text, FlawKind::RoleNameLong)
        }
        _ => check_role(text),
    }
}

/// The ARN of an IAM role.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleArn(String);

impl RoleArn {
    /// Parses the ARN of a role.
    ///
    /// # Errors
    /// If the ARN is malformed or does not name a role.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        match check_role_arn(text) {
            Some(flaw) => Err(flaw.explain(text)),
            None => Ok(Self(String::from(text))),
        }
    }

    /// Returns the ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoleArn({})", self.0)
    }
}

/// The role that a source or a step sets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum SourceRole {
    /// No role is set; the next level decides.
    #[default]
    Inherit,
    /// `role = ""`: no role is used, even if a level above sets one.
    OptOut,
    /// This role of AWS is used.
    Arn(RoleArn),
    /// This role of a backend of the user is used.
    Named(String),
}

impl SourceRole {
    /// Parses a role; an empty text is [`SourceRole::OptOut`].
    ///
    /// # Errors
    /// If the text is neither empty nor the ARN of a role.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        if text.is_empty() { Ok(Self::OptOut) } else { RoleArn::parse(text).map(Self::Arn) }
    }

    /// Parses a role whose source's type is not known: the ARN of a role, or the name of a role of a user's backend.
    ///
    /// # Errors
    /// If the text is too long or has control characters.
    pub fn parse_any(text: &str) -> Result<Self, SpecError> {
        if let Ok(role) = Self::parse(text) {
            return Ok(role);
        }
        match check_length_and_characters(text, FlawKind::RoleNameLong) {
            Some(flaw) => Err(flaw.explain(text)),
            None => Ok(Self::Named(String::from(text))),
        }
    }

    /// Parses the role of a source of this type, by the grammar of [`check_role_of_type`].
    ///
    /// # Errors
    /// If the text is not a role of this type.
    pub fn parse_for(backend: Option<&BackendType>, text: &str) -> Result<Self, SpecError> {
        match backend {
            Some(backend) if backend.built_in().is_none() && !text.is_empty() => {
                Self::parse_any(text)
            }
            _ => Self::parse(text),
        }
    }

    /// Returns the role's text, if a role is set.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Inherit => None,
            Self::OptOut => Some(""),
            Self::Arn(arn) => Some(arn.as_str()),
            Self::Named(name) => Some(name),
        }
    }
}
