use alloc::{string::String, vec::Vec};

use crate::{
    grammar::{
        flaw::{Flaw, FlawKind},
        group_and_key::{RequestPart, find_group_or_key_flaw},
        variable::check_env_var,
        version::check_version,
    },
    model::mount_type::MountType,
};

/// A borrowed view of the parts of a request.
///
/// It is not `#[non_exhaustive]`: its fields are those of Flyte's request, and a view is written as a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestView<'a> {
    /// The group; empty if there is none.
    pub group: &'a str,
    /// The key; empty if there is none.
    pub key: &'a str,
    /// The version of the group.
    pub group_version: Option<&'a str>,
    /// How the body can read the secret.
    pub mount_requirement: MountType,
    /// The variable that also has the value.
    pub env_var: Option<&'a str>,
}

impl<'a> RequestView<'a> {
    /// Returns the first flaw of the request. [`RequestView::part`] returns the text that has it.
    #[must_use]
    pub const fn check(&self) -> Option<Flaw> {
        match self.flaw() {
            Some((_, flaw)) => Some(flaw),
            None => None,
        }
    }

    /// Returns the text of the part with the flaw of this kind, which [`RequestView::check`] has returned.
    #[must_use]
    pub fn part(&self, kind: FlawKind) -> &'a str {
        match self.flaw() {
            Some((part, flaw)) if flaw.kind == kind => self.text(part),
            _ => self.group,
        }
    }

    /// Returns the first flaw, and the part that has it.
    pub(crate) const fn flaw(&self) -> Option<(RequestPart, Flaw)> {
        if let Some(found) = find_group_or_key_flaw(self.group, self.key) {
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

    /// Returns the text of a part.
    pub(crate) fn text(&self, part: RequestPart) -> &'a str {
        match part {
            RequestPart::Group => self.group,
            RequestPart::Key => self.key,
            RequestPart::Version => self.group_version.unwrap_or_default(),
            RequestPart::EnvVar => self.env_var.unwrap_or_default(),
        }
    }

    /// Returns the parts that are not empty, in the order in which Flyte joins them: group, version, key.
    pub fn parts(&self) -> impl Iterator<Item = &'a str> {
        let parts = [self.group, self.group_version.unwrap_or_default(), self.key];
        parts.into_iter().filter(|part| !part.is_empty())
    }

    /// Returns the name of the variable in which Flyte passes the value: the prefix and the parts in upper case.
    ///
    /// ```
    /// use secrets_spec::Secret;
    ///
    /// let view = Secret::new("my-db", "password").view();
    /// assert_eq!(view.flyte_variable("_FSEC_"), "_FSEC_MY-DB_PASSWORD");
    /// ```
    #[must_use]
    pub fn flyte_variable(&self, prefix: &str) -> String {
        let parts: Vec<String> = self.parts().map(str::to_uppercase).collect();
        [prefix, &parts.join("_")].concat()
    }

    /// Returns the byte at index `at` of group, version and key joined with `separator`; empty parts are left out.
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
