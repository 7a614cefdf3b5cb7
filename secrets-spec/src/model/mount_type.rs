use core::fmt;

/// How a requested secret is given to the body: Flyte's `mount_requirement`, whose list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(non_camel_case_types, reason = "the names are Flyte's")]
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
