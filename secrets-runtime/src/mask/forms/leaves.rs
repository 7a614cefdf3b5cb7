//! The texts and numbers in JSON. Text that a strict reader refuses is searched too: another program may read it.

use crate::{
    core::secret_value::SecretValue,
    mask::wiped_bytes::{self, WipedBytes, with_capacity},
};

/// The least digits of a number that is masked.
const MIN_DIGITS: usize = 6;

/// Replaces half of a pair of surrogates.
const REPLACEMENT: char = '\u{fffd}';

/// Returns the texts and long numbers in JSON, at every depth, but not the names of members.
pub(super) fn leaves(value: &SecretValue) -> Vec<SecretValue> {
    // Exposed to be masked.
    let text = value.expose_bytes();
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text).trim_ascii_start();
    let mut leaves = Vec::new();
    if !matches!(text.first(), Some(b'{' | b'[' | b'"')) {
        return leaves;
    }
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let rest = &text[at..];
        let length = match byte {
            b'"' => {
                let written = written_text(&rest[1..]);
                let end = (written.len() + 2).min(rest.len());
                if !rest[end..].trim_ascii_start().starts_with(b":") {
                    add_text(written, &mut leaves);
                }
                end
            }
            _ if is_of_word(byte) => {
                let count = rest.iter().take_while(|byte| is_of_word(**byte)).count();
                if is_long_number(&rest[..count]) {
                    leaves.push(SecretValue::from(rest[..count].to_vec()));
                }
                count
            }
            _ => 1,
        };
        at += length;
    }
    leaves
}

/// Returns the bytes before the quote that ends a text.
fn written_text(text: &[u8]) -> &[u8] {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return &text[..at],
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text
}

/// Adds a text without its escapes. A text with invalid escapes is added as it is written.
fn add_text(written: &[u8], leaves: &mut Vec<SecretValue>) {
    match unescaped(written) {
        Some((text, is_whole)) => {
            leaves.push(SecretValue::from(text));
            if !is_whole {
                leaves.push(SecretValue::from(written.to_vec()));
            }
        }
        None => leaves.push(SecretValue::from(written.to_vec())),
    }
}

/// Returns a text without its escapes, and whether all of them are characters.
fn unescaped(written: &[u8]) -> Option<(WipedBytes, bool)> {
    // An escape is never shorter than its character, except for the replacement, which has three bytes instead of six.
    let mut text = with_capacity(written.len());
    let mut is_whole = true;
    let mut rest = written;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            text.push(byte);
            continue;
        }
        let (&letter, after) = after.split_first()?;
        rest = after;
        let char = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = unit(rest)?;
                rest = &rest[4..];
                let second = rest.strip_prefix(b"\\u").and_then(unit);
                let pair = char::decode_utf16([Some(first), second].into_iter().flatten());
                match pair.map(|char| char.ok()).next() {
                    Some(Some(char)) => {
                        if char.len_utf16() == 2 {
                            rest = &rest[6..];
                        }
                        char
                    }
                    _ => {
                        is_whole = false;
                        REPLACEMENT
                    }
                }
            }
            _ => return None,
        };
        wiped_bytes::append(&mut text, char.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some((text, is_whole))
}

/// Returns the four hexadecimal digits at the beginning.
fn unit(text: &[u8]) -> Option<u16> {
    let mut digits = text.get(..4)?.iter().map(|digit| char::from(*digit).to_digit(16));
    let unit = digits.try_fold(0, |unit, digit| Some(16 * unit + digit?))?;
    u16::try_from(unit).ok()
}

/// Whether numbers, `true` and other words are written with this byte.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_') || !byte.is_ascii()
}

/// Whether this is a number with enough digits to be masked.
pub(super) fn is_long_number(word: &[u8]) -> bool {
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    digits >= MIN_DIGITS
        && matches!(word.first(), Some(b'-' | b'0'..=b'9'))
        && word.iter().all(is_number)
}
