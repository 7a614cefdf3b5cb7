//! The forms in which a value may appear in a text.

mod encodings;
mod leaves;
mod password;
mod text;

use std::fmt;

use crate::{
    core::secret_value::SecretValue,
    mask::{forms::encodings::FormSink, gram_filter::MIN_PATTERN},
    payload::{fields::Field, json::form::Form},
};

/// Words that are not masked, since every log contains them.
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

/// The greatest depth at which texts inside texts are searched: JSON inside JSON, and URLs inside that.
const MAX_DEPTH: usize = 8;

/// Whether a value is masked: it is not too short or too common.
pub(super) fn is_maskable(value: &[u8]) -> bool {
    let value = trim(value);
    value.len() >= MIN_PATTERN && !COMMON_WORDS.iter().any(|word| word.as_bytes() == value)
}

/// Returns why the value of a field is neither masked nor searched for, or `None` if it is both. A number in JSON must
/// be as long as a nested one.
pub(crate) fn unmaskable_reason(field: &Field) -> Option<&'static str> {
    // Exposed to find out whether it is too short or too common.
    let bytes = field.value.expose_bytes();
    match field.form == Some(Form::Number) {
        true if leaves::is_long_number(bytes) => None,
        true => Some("it is a number of fewer than six digits"),
        false if is_maskable(bytes) => None,
        false if trim(bytes).len() < MIN_PATTERN => Some("it is shorter than four bytes"),
        false => Some("it is a common word"),
    }
}

/// The name of a form, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FormName {
    part: ValuePart,
    encoding: &'static str,
}

/// The part of a value that is in a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValuePart {
    Whole,
    Json,
    Password,
}

/// The encoding of a value that is not encoded.
const PLAIN: &str = "value";

impl fmt::Display for FormName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            ValuePart::Whole => return f.write_str(self.encoding),
            ValuePart::Json => "a part of its JSON",
            ValuePart::Password => "the password of its URL",
        };
        f.write_str(part)?;
        match self.encoding {
            PLAIN => Ok(()),
            encoding => write!(f, ", {encoding}"),
        }
    }
}

/// Calls `each` with every form of a value, some of them more than once.
pub fn of(value: &SecretValue, each: &mut dyn FnMut(&[u8])) {
    named(value, &mut |_, form| each(form));
}

/// Calls `each` like [`of`], with the names of the forms. The value itself comes first.
pub(super) fn named(value: &SecretValue, each: &mut dyn FnMut(FormName, &[u8])) {
    add_all(value, ValuePart::Whole, each, MAX_DEPTH);
}

fn add_all(
    value: &SecretValue,
    part: ValuePart,
    each: &mut dyn FnMut(FormName, &[u8]),
    depth: usize,
) {
    let named: FormSink<'_> = &mut |encoding, form| each(FormName { part, encoding }, form);
    // Exposed to be found and masked.
    let bytes = value.expose_bytes();
    if !is_maskable(bytes) {
        return;
    }
    encode(bytes, named);
    let trimmed = trim(bytes);
    if trimmed.len() < bytes.len() {
        encode(trimmed, named);
    }
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() < bytes.len() && is_maskable(line) {
            named("line", line);
        }
    }
    if depth > 0 {
        for leaf in leaves::leaves(value) {
            add_all(&leaf, ValuePart::Json, each, depth - 1);
        }
        for password in password::passwords(trimmed) {
            add_all(&password, ValuePart::Password, each, depth - 1);
        }
    }
}

fn encode(bytes: &[u8], each: FormSink<'_>) {
    each(PLAIN, bytes);
    encodings::encode(bytes, each);
    if let Ok(text) = std::str::from_utf8(bytes) {
        text::encode(text, each);
    }
}

/// Returns a value without the white space and the byte order mark around it.
fn trim(value: &[u8]) -> &[u8] {
    match std::str::from_utf8(value) {
        Ok(text) => text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').as_bytes(),
        Err(_) => value.trim_ascii(),
    }
}
