//! Joins the parts of a step's record in const evaluation, for steps that name constants.

use crate::model::{mount_type::MountType, secret::Secret};

/// A piece of a record whose texts the compiler knows.
#[derive(Debug, Clone, Copy)]
pub enum RecordPiece {
    /// A part of the JSON text, as it is.
    Raw(&'static str),
    /// A text, which is written as a JSON string.
    Text(&'static str),
    /// A request, which is written as a JSON object.
    Request(Secret),
}

/// Returns the length of the joined pieces.
#[must_use]
pub const fn record_len(pieces: &[RecordPiece]) -> usize {
    write_pieces(&mut [], pieces)
}

/// Returns the joined pieces, whose length is [`record_len`].
#[must_use]
pub const fn record_bytes<const N: usize>(pieces: &[RecordPiece]) -> [u8; N] {
    let mut bytes = [0; N];
    write_pieces(&mut bytes, pieces);
    bytes
}

/// Returns the record as a text.
///
/// # Panics
/// If the bytes are not UTF-8, which those of [`record_bytes`] always are.
#[must_use]
pub const fn record_text(bytes: &'static [u8]) -> &'static str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("a record is made of texts"),
    }
}

/// Writes the pieces, as far as there is room, and returns how long they are.
const fn write_pieces(to: &mut [u8], pieces: &[RecordPiece]) -> usize {
    let (mut at, mut i) = (0, 0);
    while i < pieces.len() {
        at = match pieces[i] {
            RecordPiece::Raw(text) => write_raw(to, at, text),
            RecordPiece::Text(text) => write_string(to, at, text),
            RecordPiece::Request(secret) => write_request(to, at, secret),
        };
        i += 1;
    }
    at
}

const fn write_byte(to: &mut [u8], at: usize, byte: u8) -> usize {
    if at < to.len() {
        to[at] = byte;
    }
    at + 1
}

const fn write_raw(to: &mut [u8], mut at: usize, text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        at = write_byte(to, at, bytes[i]);
        i += 1;
    }
    at
}

/// Writes a JSON string. A control character becomes `?`: the check of the constant reports it.
const fn write_string(to: &mut [u8], mut at: usize, text: &str) -> usize {
    at = write_byte(to, at, b'"');
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == b'"' || bytes[i] == b'\\' {
            at = write_byte(to, at, b'\\');
        }
        at = write_byte(to, at, if bytes[i] < 0x20 { b'?' } else { bytes[i] });
        i += 1;
    }
    write_byte(to, at, b'"')
}

const fn write_request(to: &mut [u8], mut at: usize, secret: Secret) -> usize {
    let view = secret.view();
    at = write_raw(to, at, "{\"mount_requirement\":");
    at = write_string(to, at, MountType::as_str(view.mount_requirement));
    at = write_member(to, at, "group", view.group);
    at = write_member(to, at, "key", view.key);
    if let Some(version) = view.group_version {
        at = write_member(to, at, "group_version", version);
    }
    if let Some(name) = view.env_var {
        at = write_member(to, at, "env_var", name);
    }
    write_byte(to, at, b'}')
}

const fn write_member(to: &mut [u8], mut at: usize, name: &str, text: &str) -> usize {
    at = write_byte(to, at, b',');
    at = write_string(to, at, name);
    at = write_byte(to, at, b':');
    write_string(to, at, text)
}
