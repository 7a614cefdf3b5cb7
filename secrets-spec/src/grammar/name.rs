use crate::{
    grammar::flaw::{Flaw, FlawKind},
    text::bytes::{char_end, find_control},
};

/// The maximum length of a name in bytes. It is also the limit of AWS Secrets Manager
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>).
pub const MAX_NAME_BYTES: usize = 512;

/// Checks the name of a secret in an untyped source: 1 to 512 of `A-Z a-z 0-9 / _ + = . @ -`.
///
/// ```
/// use secrets_spec::check_name;
///
/// assert!(check_name("prod/db.creds-v1").is_none());
/// const _: () = assert!(check_name("prod db").is_some());
/// ```
#[must_use]
pub const fn check_name(text: &str) -> Option<Flaw> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Some(Flaw::new(FlawKind::NameEmpty, 0, 0));
    }
    if let Some(at) = find_non_name_byte(bytes, 0) {
        return Some(Flaw::new(FlawKind::NameCharacter, at, char_end(bytes, at)));
    }
    if bytes.len() > MAX_NAME_BYTES {
        return Some(Flaw::new(FlawKind::NameLong, MAX_NAME_BYTES, bytes.len()));
    }
    None
}

/// Returns the index of the first byte from `from` on that a name cannot contain.
pub(crate) const fn find_non_name_byte(bytes: &[u8], from: usize) -> Option<usize> {
    let mut i = from;
    while i < bytes.len() {
        if !matches!(bytes[i], b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'_' | b'+' | b'=' | b'.' | b'@' | b'-')
        {
            return Some(i);
        }
        i += 1;
    }
    None
}

/// Checks that a text has at most [`MAX_NAME_BYTES`] bytes and no control character. `long` is the kind of flaw to
/// return for a longer text.
pub(crate) const fn check_length_and_characters(text: &str, long: FlawKind) -> Option<Flaw> {
    let bytes = text.as_bytes();
    if bytes.len() > MAX_NAME_BYTES {
        return Some(Flaw::new(long, MAX_NAME_BYTES, bytes.len()).at_char_boundary(bytes));
    }
    match find_control(bytes, 0, bytes.len()) {
        Some(at) => Some(Flaw::new(FlawKind::TextControl, at, char_end(bytes, at))),
        None => None,
    }
}
