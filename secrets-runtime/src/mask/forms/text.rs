//! The forms that texts have: escaped for JSON, XML, shells and Rust.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::mask::{
    forms::encodings::FormSink,
    wiped_bytes::{WipedBytes, with_capacity},
};

/// How `"` and `'` are written in XML and HTML.
const QUOTES: &[&str] = &["\"", "&quot;", "&#34;", "&#x22;"];
const APOSTROPHES: &[&str] = &["'", "&apos;", "&#39;", "&#x27;"];

/// How a single quote is written inside a word in single quotes.
const SHELL_QUOTES: &[&str] = &["'\\''", "'\"'\"'"];

pub(super) fn encode(text: &str, each: FormSink<'_>) {
    let mut changed = |name, encoded: &[u8]| {
        if encoded != text.as_bytes() {
            each(name, encoded);
        }
    };
    for non_ascii in [NonAscii::Unchanged, NonAscii::Lower, NonAscii::Upper] {
        for has_slash in [false, true] {
            for has_html in [false, true] {
                changed("JSON", &json(text, non_ascii, has_slash, has_html));
            }
        }
    }
    if text.contains(['&', '<', '>', '"', '\'']) {
        for quote in QUOTES {
            for apostrophe in APOSTROPHES {
                changed(
                    "XML",
                    &replaced(text, |c| match c {
                        '&' => Some("&amp;"),
                        '<' => Some("&lt;"),
                        '>' => Some("&gt;"),
                        '"' => Some(quote),
                        '\'' => Some(apostrophe),
                        _ => None,
                    }),
                );
                changed(
                    "XML",
                    &replaced(text, |c| match c {
                        '&' => Some("&amp;"),
                        '<' => Some("&lt;"),
                        '"' => Some(quote),
                        '\'' => Some(apostrophe),
                        _ => None,
                    }),
                );
            }
        }
    }
    if text.contains('\'') {
        for quote in SHELL_QUOTES {
            changed("shell", &replaced(text, |c| (c == '\'').then_some(*quote)));
        }
    }
    changed("Rust", &debug(text));
}

/// How JSON contains characters that are not ASCII.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NonAscii {
    Unchanged,
    /// As `\uXXXX`, with these digits.
    Lower,
    Upper,
}

/// Writes the content of a JSON string. `has_slash` escapes `/`, as PHP does, and `has_html` escapes the characters of
/// HTML, as Go does.
fn json(text: &str, non_ascii: NonAscii, has_slash: bool, has_html: bool) -> WipedBytes {
    // A control character of one byte becomes six.
    let mut json = with_capacity(6 * text.len());
    for char in text.chars() {
        let short = match char {
            '"' => b'"',
            '\\' => b'\\',
            '\u{8}' => b'b',
            '\u{c}' => b'f',
            '\n' => b'n',
            '\r' => b'r',
            '\t' => b't',
            '/' if has_slash => b'/',
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if has_html => b'u',
            '\0'..='\u{1f}' => b'u',
            // Python escapes DEL too.
            '\u{7f}'.. if non_ascii != NonAscii::Unchanged => b'u',
            _ => {
                json.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
        };
        if short != b'u' {
            json.extend([b'\\', short]);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            // The capacity is large enough, so nothing is moved, and writing to a vector cannot fail.
            let _ = match non_ascii {
                NonAscii::Upper => {
                    std::io::Write::write_fmt(&mut *json, format_args!("\\u{unit:04X}"))
                }
                _ => std::io::Write::write_fmt(&mut *json, format_args!("\\u{unit:04x}")),
            };
        }
    }
    json
}

fn replaced<'r>(text: &str, replacement: impl Fn(char) -> Option<&'r str>) -> WipedBytes {
    // The longest replacement has six bytes.
    let mut written = with_capacity(6 * text.len());
    for char in text.chars() {
        match replacement(char) {
            Some(other) => written.extend_from_slice(other.as_bytes()),
            None => written.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    written
}

/// Writes the content of the text that `{:?}` writes in Rust.
fn debug(text: &str) -> WipedBytes {
    // A character of one byte becomes at most six, `\u{7f}`; one of more bytes at most ten.
    let mut quoted = Zeroizing::new(String::with_capacity(6 * text.len() + 2));
    let _ = write!(quoted, "{text:?}");
    let content = &quoted[1..quoted.len() - 1];
    Zeroizing::new(content.as_bytes().to_vec())
}
