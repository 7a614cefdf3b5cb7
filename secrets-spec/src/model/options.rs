use alloc::{string::String, vec::Vec};
use core::fmt;

/// The options of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Options {
    /// Whether the payload is read as a JSON object. If `None`, the backend decides.
    pub json: Option<bool>,
    /// The name of the variable, and of the field, for a plain value.
    pub env_var_name: Option<String>,
    /// The AWS region.
    pub region: Option<String>,
    /// The id of the version.
    pub version_id: Option<String>,
    /// The stage of the version, such as `AWSPREVIOUS`.
    pub version_stage: Option<String>,
    /// Whether a missing secret is an error. `None` means true.
    pub required: Option<bool>,
    /// The values of an `inline` source.
    pub env_vars: Option<InlineVars>,
}

impl Options {
    /// Whether a missing secret is an error.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required.unwrap_or(true)
    }
}

/// The values of an `inline` source. Its `Debug` shows only the names.
///
/// These values are already in memory as part of the program or its configuration, so the copies here are plain text
/// and are not wiped when dropped.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct InlineVars(Vec<(String, String)>);

impl InlineVars {
    /// Iterates over names and values, in source order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for InlineVars {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(vars: I) -> Self {
        Self(vars.into_iter().collect())
    }
}

impl fmt::Debug for InlineVars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| (name, format_args!("[REDACTED]")));
        f.debug_map().entries(names).finish()
    }
}
