use core::fmt;

/// How a body can read a requested secret: Flyte's `mount_requirement`.
///
/// It is not `#[non_exhaustive]`: Flyte has these three, and a `match` may name them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(non_camel_case_types, reason = "the names are Flyte's")]
pub enum MountType {
    /// Only with `secrets.get`.
    #[default]
    ANY,
    /// Also as an environment variable, with the name that Flyte chooses.
    ENV_VAR,
    /// Also as a file: `secrets.file(group, key)`.
    FILE,
}

impl MountType {
    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ANY => "ANY",
            Self::ENV_VAR => "ENV_VAR",
            Self::FILE => "FILE",
        }
    }

    /// Parses `ANY`, `ENV_VAR` or `FILE`.
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
