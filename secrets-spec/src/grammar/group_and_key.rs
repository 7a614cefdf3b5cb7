//! The grammar of groups and keys, by which a body reads its secrets.

use crate::{
    grammar::{
        arn::{check_secret_arn, looks_like_arn, parse_secret_arn_head},
        backend_type::BuiltIn,
        flaw::{Flaw, FlawKind},
        name::{MAX_NAME_BYTES, check_length_and_characters, find_non_name_byte},
    },
    text::bytes::{char_end, equal, find_parent_component, matches_at},
};

/// A part of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestPart {
    Group,
    Key,
    Version,
    EnvVar,
}

/// Checks a group and a key together: one of them is enough, an ARN may be split between them, and only the group may
/// contain path separators.
#[must_use]
pub const fn check_group_and_key(group: &str, key: &str) -> Option<Flaw> {
    match find_group_or_key_flaw(group, key) {
        Some((_, flaw)) => Some(flaw),
        None => None,
    }
}

/// Returns the first flaw of a group and a key, and which of the two has it.
pub(crate) const fn find_group_or_key_flaw(group: &str, key: &str) -> Option<(RequestPart, Flaw)> {
    use RequestPart::{Group, Key};
    if group.is_empty() && key.is_empty() {
        return Some((Group, Flaw::new(FlawKind::RequestEmpty, 0, 0)));
    }
    if looks_like_arn(group.as_bytes()) {
        return check_split_arn(group, key);
    }
    if let Some(flaw) = check_length_and_characters(group, FlawKind::GroupLong) {
        return Some((Group, flaw));
    }
    if let Some(flaw) = check_length_and_characters(key, FlawKind::KeyLong) {
        return Some((Key, flaw));
    }
    let (group, key) = (group.as_bytes(), key.as_bytes());
    if !group.is_empty() && (group[0] == b'/' || group[0] == b'\\') {
        return Some((Group, Flaw::new(FlawKind::GroupPath, 0, 1)));
    }
    if let Some(at) = find_parent_component(group, 0, group.len()) {
        return Some((Group, Flaw::new(FlawKind::GroupPath, at, at + 2)));
    }
    if equal(key, b".") || equal(key, b"..") {
        return Some((Key, Flaw::new(FlawKind::KeyPath, 0, key.len())));
    }
    let mut i = 0;
    while i < key.len() {
        if key[i] == b'/' || key[i] == b'\\' {
            return Some((Key, Flaw::new(FlawKind::KeySeparator, i, i + 1)));
        }
        i += 1;
    }
    None
}

/// Checks Union's form, in which the group is an ARN up to `secret` or `secret:` and the key is the secret's name.
/// Together they are an ARN, so the key may contain path separators. If the group is a whole ARN, the key is empty.
const fn check_split_arn(group: &str, key: &str) -> Option<(RequestPart, Flaw)> {
    use RequestPart::{Group, Key};
    let (bytes, name) = (group.as_bytes(), key.as_bytes());
    let resource = match parse_secret_arn_head(bytes) {
        Ok(layout) => layout.resource,
        Err(flaw) => return Some((Group, flaw)),
    };
    let bare = bytes.len() == resource + 6 && matches_at(bytes, resource, b"secret");
    let colon = bytes.len() == resource + 7 && matches_at(bytes, resource, b"secret:");
    if !bare && !colon {
        return match check_secret_arn(group) {
            Some(flaw) => Some((Group, flaw)),
            None if key.is_empty() => None,
            None => Some((Key, Flaw::new(FlawKind::ArnComplete, 0, name.len()))),
        };
    }
    let start = if matches_at(name, 0, b":") { 1 } else { 0 };
    if name.len() == start {
        return Some((Group, Flaw::new(FlawKind::ArnNameEmpty, bytes.len(), bytes.len())));
    }
    if let Some(at) = find_non_name_byte(name, start) {
        return Some((Key, Flaw::new(FlawKind::ArnName, at, char_end(name, at))));
    }
    let end = start + MAX_NAME_BYTES + 7;
    if name.len() > end {
        return Some((Key, Flaw::new(FlawKind::ArnNameLong, end, name.len())));
    }
    match find_parent_component(name, start, name.len()) {
        Some(at) => Some((Key, Flaw::new(FlawKind::KeyPath, at, at + 2))),
        None => None,
    }
}

/// Checks the key of a typed parameter: any text of 1 to 512 bytes without control characters.
#[must_use]
pub const fn check_key(text: &str) -> Option<Flaw> {
    if text.is_empty() {
        return Some(Flaw::new(FlawKind::KeyEmpty, 0, 0));
    }
    check_length_and_characters(text, FlawKind::KeyLong)
}

/// Checks a key by what a backend type can have. Most have any key that [`check_key`] permits.
///
/// ```
/// use secrets_spec::{BuiltIn, check_key_of_type};
///
/// assert!(check_key_of_type(Some(BuiltIn::Kubernetes), "tls.crt").is_none());
/// assert!(check_key_of_type(Some(BuiltIn::Kubernetes), "tls/crt").is_some());
/// assert!(check_key_of_type(None, "tls/crt").is_none());
/// ```
#[must_use]
pub const fn check_key_of_type(built_in: Option<BuiltIn>, key: &str) -> Option<Flaw> {
    if let Some(flaw) = check_key(key) {
        return Some(flaw);
    }
    let Some(BuiltIn::Kubernetes) = built_in else { return None };
    let bytes = key.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if !matches!(bytes[i], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.') {
            return Some(Flaw::new(FlawKind::KubernetesKey, i, char_end(bytes, i)));
        }
        i += 1;
    }
    None
}

/// Checks the `group` field of a source: any text of 1 to 512 bytes without control characters.
#[must_use]
pub const fn check_alias(text: &str) -> Option<Flaw> {
    if text.is_empty() {
        return Some(Flaw::new(FlawKind::AliasEmpty, 0, 0));
    }
    check_length_and_characters(text, FlawKind::GroupLong)
}
