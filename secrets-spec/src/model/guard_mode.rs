use core::fmt;

/// What happens to a step whose result contains one of its secrets: `guard` of the attributes, and `SECRETS_GUARD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum GuardMode {
    /// The result is not looked at.
    #[default]
    Off,
    /// There is a warning, and the result passes.
    Warn,
    /// A step whose error contains a secret fails with another error. What a step returns otherwise is not looked at.
    Errors,
    /// A step whose result contains a secret fails.
    Deny,
}

impl GuardMode {
    /// All of them, the strictest first.
    pub const ALL: &'static [Self] = &[Self::Deny, Self::Warn, Self::Errors, Self::Off];

    /// Returns the text as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Errors => "errors",
            Self::Deny => "deny",
        }
    }

    /// Parses `deny`, `warn`, `errors` or `off`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mode| mode.as_str() == text)
    }
}

impl fmt::Display for GuardMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
