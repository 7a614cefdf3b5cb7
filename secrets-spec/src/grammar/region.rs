use crate::grammar::flaw::{Flaw, FlawKind};

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

/// Whether `bytes[start..end]` is a region: three or more parts separated by hyphens, of which the first starts with
/// a letter and the last is a number.
pub(crate) const fn is_region(bytes: &[u8], start: usize, end: usize) -> bool {
    let mut parts = 1;
    let mut i = start;
    let mut part = start;
    while i < end {
        if bytes[i] == b'-' {
            if i == part {
                return false;
            }
            parts += 1;
            part = i + 1;
        } else if !(bytes[i].is_ascii_lowercase() || (bytes[i].is_ascii_digit() && i > start)) {
            return false;
        }
        i += 1;
    }
    let mut last = part;
    while last < end {
        if !bytes[last].is_ascii_digit() {
            return false;
        }
        last += 1;
    }
    parts >= 3 && part < end && end - start <= 32
}
