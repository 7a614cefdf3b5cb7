use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{
    arn::is_region,
    bytes::control,
    flaw::{Flaw, FlawKind},
};

/// Checks the text of a region, such as `us-west-2`.
#[must_use]
pub const fn check_region(text: &str) -> Option<Flaw> {
    let bytes = text.as_bytes();
    if is_region(bytes, 0, bytes.len()) {
        None
    } else {
        Some(Flaw::new(FlawKind::RegionText, 0, bytes.len()))
    }
}

/// Checks a `version_id` or a `version_stage`: 1 to 256 bytes without control characters.
#[must_use]
pub const fn check_selector(text: &str) -> Option<Flaw> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > 256 || control(bytes, 0, bytes.len()).is_some() {
        return Some(Flaw::new(FlawKind::SelectorText, 0, bytes.len()));
    }
    None
}

/// The options of a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Options {
    /// Whether the payload is read as a JSON object; the backend decides where it is not given.
    pub json: Option<bool>,
    /// The variable, and the field, of a plain value.
    pub env_var_name: Option<String>,
    /// The AWS region.
    pub region: Option<String>,
    /// The version's id.
    pub version_id: Option<String>,
    /// The version's stage, such as `AWSPREVIOUS`.
    pub version_stage: Option<String>,
    /// Whether a missing secret is an error; true where it is not given.
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

/// The values of an `inline` source. Its `Debug` shows the names alone.
///
/// They are part of the program, or of the text it was configured with, and stay in memory there: these copies are
/// plain texts, which are not wiped when they are dropped.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct InlineVars(Vec<(String, String)>);

impl InlineVars {
    /// The values under their names, in the order they are written.
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
