use crate::{
    grammar::flaw::{Flaw, FlawKind},
    text::bytes::{equal, find_byte, find_control},
};

/// The stage of the version that a secret has now, which is read if a source says nothing.
pub const CURRENT_STAGE: &str = "AWSCURRENT";

/// The stage of the version that a secret had before.
pub const PREVIOUS_STAGE: &str = "AWSPREVIOUS";

/// Checks the version of a group: 1 to 256 bytes without control characters and path separators.
#[must_use]
pub const fn check_version(text: &str) -> Option<Flaw> {
    let bytes = text.as_bytes();
    let path = find_byte(bytes, b'/', 0, bytes.len()).is_some()
        || find_byte(bytes, b'\\', 0, bytes.len()).is_some()
        || equal(bytes, b".")
        || equal(bytes, b"..");
    if bytes.is_empty()
        || bytes.len() > 256
        || path
        || find_control(bytes, 0, bytes.len()).is_some()
    {
        return Some(Flaw::new(FlawKind::VersionText, 0, bytes.len()));
    }
    None
}

/// Checks a `version_id` or a `version_stage`: 1 to 256 bytes without control characters.
#[must_use]
pub const fn check_selector(text: &str) -> Option<Flaw> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > 256 || find_control(bytes, 0, bytes.len()).is_some() {
        return Some(Flaw::new(FlawKind::SelectorText, 0, bytes.len()));
    }
    None
}
