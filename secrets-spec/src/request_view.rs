use crate::{
    MAX_NAME_BYTES, MountType,
    arn::{check_secret_arn, looks_like_arn, secret_arn_head},
    bytes::{char_end, control, find, has_at, parent_component, same},
    check_env_var,
    flaw::{Flaw, FlawKind},
    name::other_than_name,
};

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

/// Which part of a request a flaw is in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestPart {
    Group,
    Key,
    Version,
    EnvVar,
}

impl<'a> RequestView<'a> {
    /// What is wrong with it; [`RequestView::part`] gives the text that it is in.
    #[must_use]
    pub const fn check(&self) -> Option<Flaw> {
        match self.flaw() {
            Some((_, flaw)) => Some(flaw),
            None => None,
        }
    }

    /// The part that a flaw of this kind, which [`RequestView::check`] gave, is in.
    #[must_use]
    pub fn part(&self, kind: FlawKind) -> &'a str {
        match self.flaw() {
            Some((part, flaw)) if flaw.kind == kind => self.text(part),
            _ => self.group,
        }
    }

    pub(crate) const fn flaw(&self) -> Option<(RequestPart, Flaw)> {
        if let Some(found) = group_or_key(self.group, self.key) {
            return Some(found);
        }
        if let Some(version) = self.group_version
            && let Some(flaw) = check_version(version)
        {
            return Some((RequestPart::Version, flaw));
        }
        if let Some(name) = self.env_var
            && let Some(flaw) = check_env_var(name)
        {
            return Some((RequestPart::EnvVar, flaw));
        }
        None
    }

    pub(crate) fn text(&self, part: RequestPart) -> &'a str {
        match part {
            RequestPart::Group => self.group,
            RequestPart::Key => self.key,
            RequestPart::Version => self.group_version.unwrap_or_default(),
            RequestPart::EnvVar => self.env_var.unwrap_or_default(),
        }
    }

    /// The byte at `at` of the non-empty parts with `separator` between them.
    pub(crate) const fn joined(&self, at: usize, separator: u8) -> Option<u8> {
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
    match group_or_key(group, key) {
        Some((_, flaw)) => Some(flaw),
        None => None,
    }
}

/// What is wrong with a group and a key, and with which of the two.
pub(crate) const fn group_or_key(group: &str, key: &str) -> Option<(RequestPart, Flaw)> {
    use RequestPart::{Group, Key};
    if group.is_empty() && key.is_empty() {
        return Some((Group, Flaw::new(FlawKind::RequestEmpty, 0, 0)));
    }
    if looks_like_arn(group.as_bytes()) {
        return check_split_arn(group, key);
    }
    if let Some(flaw) = check_text(group, FlawKind::GroupLong) {
        return Some((Group, flaw));
    }
    if let Some(flaw) = check_text(key, FlawKind::KeyLong) {
        return Some((Key, flaw));
    }
    let (group, key) = (group.as_bytes(), key.as_bytes());
    if !group.is_empty() && (group[0] == b'/' || group[0] == b'\\') {
        return Some((Group, Flaw::new(FlawKind::GroupPath, 0, 1)));
    }
    if let Some(at) = parent_component(group, 0, group.len()) {
        return Some((Group, Flaw::new(FlawKind::GroupPath, at, at + 2)));
    }
    if same(key, b".") || same(key, b"..") {
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

const fn check_text(text: &str, long: FlawKind) -> Option<Flaw> {
    let bytes = text.as_bytes();
    if bytes.len() > MAX_NAME_BYTES {
        return Some(Flaw::new(long, MAX_NAME_BYTES, bytes.len()).on_characters(bytes));
    }
    match control(bytes, 0, bytes.len()) {
        Some(at) => Some(Flaw::new(FlawKind::TextControl, at, char_end(bytes, at))),
        None => None,
    }
}

/// Union's form: the ARN up to `secret` or `secret:` is the group, the secret's name the key. The two together
/// are an ARN, so the name may hold separators, and a whole ARN has no key behind it.
const fn check_split_arn(group: &str, key: &str) -> Option<(RequestPart, Flaw)> {
    use RequestPart::{Group, Key};
    let (bytes, name) = (group.as_bytes(), key.as_bytes());
    let resource = match secret_arn_head(bytes) {
        Ok(layout) => layout.resource,
        Err(flaw) => return Some((Group, flaw)),
    };
    let bare = bytes.len() == resource + 6 && has_at(bytes, resource, b"secret");
    let colon = bytes.len() == resource + 7 && has_at(bytes, resource, b"secret:");
    if !bare && !colon {
        return match check_secret_arn(group) {
            Some(flaw) => Some((Group, flaw)),
            None if key.is_empty() => None,
            None => Some((Key, Flaw::new(FlawKind::ArnComplete, 0, name.len()))),
        };
    }
    let start = if has_at(name, 0, b":") { 1 } else { 0 };
    if name.len() == start {
        return Some((Group, Flaw::new(FlawKind::ArnNameEmpty, bytes.len(), bytes.len())));
    }
    if let Some(at) = other_than_name(name, start) {
        return Some((Key, Flaw::new(FlawKind::ArnName, at, char_end(name, at))));
    }
    let end = start + MAX_NAME_BYTES + 7;
    if name.len() > end {
        return Some((Key, Flaw::new(FlawKind::ArnNameLong, end, name.len())));
    }
    match parent_component(name, start, name.len()) {
        Some(at) => Some((Key, Flaw::new(FlawKind::KeyPath, at, at + 2))),
        None => None,
    }
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
