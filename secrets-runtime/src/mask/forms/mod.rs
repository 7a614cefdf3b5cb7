//! The forms in which a value may appear in a text.

mod binary;
mod parts;
mod text;

use crate::{core::secret_value::SecretValue, mask::dictionary::SHORTEST};

/// Words that are not masked: every log has them.
const COMMON_WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "none",
    "yes",
    "no",
    "on",
    "off",
    "dev",
    "test",
    "prod",
    "localhost",
    "root",
    "admin",
    "postgres",
];

/// How deep texts inside texts are looked for: JSON inside JSON, and URLs inside that.
const MAX_DEPTH: usize = 8;

/// Whether a value is masked: it is not too short or too common.
pub(super) fn is_maskable(value: &[u8]) -> bool {
    let value = trim(value);
    value.len() >= SHORTEST && !COMMON_WORDS.iter().any(|word| word.as_bytes() == value)
}

/// Calls `each` with every form of a value, some of them more than once.
pub fn of(value: &SecretValue, each: &mut dyn FnMut(&[u8])) {
    add_all(value, each, MAX_DEPTH);
}

fn add_all(value: &SecretValue, each: &mut dyn FnMut(&[u8]), depth: usize) {
    // Exposed to be found and masked.
    let bytes = value.expose_bytes();
    if !is_maskable(bytes) {
        return;
    }
    encode(bytes, each);
    let trimmed = trim(bytes);
    if trimmed.len() < bytes.len() {
        encode(trimmed, each);
    }
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() < bytes.len() && is_maskable(line) {
            each(line);
        }
    }
    if depth > 0 {
        for part in parts::leaves(value).into_iter().chain(parts::passwords(trimmed)) {
            add_all(&part, each, depth - 1);
        }
    }
}

fn encode(bytes: &[u8], each: &mut dyn FnMut(&[u8])) {
    each(bytes);
    binary::encode(bytes, each);
    if let Ok(text) = std::str::from_utf8(bytes) {
        text::encode(text, each);
    }
}

/// Returns a value without the white space around it.
fn trim(value: &[u8]) -> &[u8] {
    match std::str::from_utf8(value) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => value.trim_ascii(),
    }
}
