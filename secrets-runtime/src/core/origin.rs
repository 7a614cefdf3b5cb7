use std::fmt;

use serde::ser::{Serialize, Serializer};

/// Where a value came from when a step got it.
///
/// Its text, as `Display` and JSON write it, is its name in lower case.
///
/// ```
/// use secrets_runtime::Origin;
///
/// assert_eq!(Origin::Cache.to_string(), "cache");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Its backend was asked for this call.
    Backend,
    /// It was fetched for an earlier call, and has not expired.
    Cache,
    /// It was fetched for an earlier call and has expired, and its backend cannot answer at the moment.
    Stale,
    /// It was attached when the program was started, with `SECRETS_WITH` or `--with`, wherever it was fetched.
    Launch,
    /// A test supplies it, with `testing::with_secrets`.
    Override,
}

impl Origin {
    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Cache => "cache",
            Self::Stale => "stale",
            Self::Launch => "launch",
            Self::Override => "override",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
