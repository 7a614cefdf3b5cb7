//! Texts in other notations: in messages, in URLs and in JSON.

use std::borrow::Cow;

use secrets_spec::{is_hidden, is_plain};

/// Returns names for a person: backquoted, with commas; of more than 20, how many more there are.
pub(crate) fn backquoted_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    let shown: Vec<_> =
        names.iter().take(20).map(|name| format!("`{}`", escape_name(name))).collect();
    match names.len() {
        0 => "none".to_owned(),
        count if count > 20 => format!("{} and {} more", shown.join(", "), count - 20),
        _ => shown.join(", "),
    }
}

/// Returns a name with the characters escaped that cannot be seen, cut after 80 characters. Quotes and backslashes stay
/// as they are.
pub(crate) fn escape_name(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars().take(80) {
        match c {
            '\'' | '"' | '\\' => text.push(c),
            // Some of these count as letters.
            c if is_hidden(c) => text.extend(c.escape_default()),
            c => text.extend(c.escape_debug()),
        }
    }
    if name.chars().nth(80).is_some() {
        text.push_str("..");
    }
    text
}

/// Returns a text that is safe on a terminal and in a log: control characters, line breaks, marks that turn the direction of
/// writing and characters that are not seen are escaped. Names and paths that somebody else chose come with all of them.
pub(crate) fn escape_controls(text: String) -> String {
    if !text.contains(is_hidden) {
        return text;
    }
    let escape =
        |c: char| if is_hidden(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

/// Returns one line of JSON in which each character that is not seen, or that a terminal may act on, is an escape such as
/// `\u009b`. JSON has such characters inside texts only, where the escape means the same.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_hidden) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::new();
    for c in json.chars() {
        match is_hidden(c) {
            // Of a character with more than four hexadecimal digits, JSON has two halves.
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }),
            false => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Returns a key of `secrets.toml` for a message. The author of the file chose it, so it is quoted, escaped and cut if it could be
/// taken for a part of the message.
pub(crate) fn shown_key(key: &str) -> Cow<'_, str> {
    if key.len() <= MAX_KEY && key.chars().all(is_plain) {
        return Cow::Borrowed(key);
    }
    let start: String = key.chars().take(MAX_KEY).collect();
    let more = if start.len() < key.len() { ".." } else { "" };
    Cow::Owned(escape_controls(format!("{start:?}{more}")))
}

/// Returns whether a key of `secrets.toml` is what TOML calls bare, and short.
pub(crate) fn is_bare_key(key: &str) -> bool {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !key.is_empty() && key.len() <= MAX_KEY && key.chars().all(is_bare)
}

const MAX_KEY: usize = 80;

/// The most bytes that a byte becomes when it is percent-encoded.
pub(crate) const MAX_PERCENT_BYTES: usize = 3;

/// Writes a text percent-encoded: all but RFC 3986's unreserved characters. The text may be a secret: `to` does not
/// grow if it has [`MAX_PERCENT_BYTES`] times the text's length left.
pub(crate) fn write_percent(text: &str, to: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                to.push(char::from(byte));
            }
            _ => {
                to.push('%');
                write_hex(byte, to);
            }
        }
    }
}

/// Returns the most bytes that a text of this length becomes in JSON, with its quotes.
pub(crate) const fn longest_json(length: usize) -> usize {
    6 * length + 2
}

/// Writes a text as JSON, with its quotes. The text may be a secret: `to` does not grow if it has [`longest_json`]
/// left.
pub(crate) fn write_json(text: &str, to: &mut String) {
    to.push('"');
    text.chars().for_each(|character| write_json_char(character, to));
    to.push('"');
}

fn write_json_char(character: char, to: &mut String) {
    match character {
        '"' => to.push_str("\\\""),
        '\\' => to.push_str("\\\\"),
        '\n' => to.push_str("\\n"),
        '\r' => to.push_str("\\r"),
        '\t' => to.push_str("\\t"),
        '\u{8}' => to.push_str("\\b"),
        '\u{c}' => to.push_str("\\f"),
        '\0'..='\u{1f}' => {
            to.push_str("\\u00");
            write_hex(character as u8, to);
        }
        _ => to.push(character),
    }
}

/// Writes texts as one text in double quotes that JSON, TOML and YAML read alike. The texts may be secret: `to` does not
/// grow if it has [`longest_json`] of their length left.
pub(crate) fn write_quoted<'a>(texts: impl IntoIterator<Item = &'a str>, to: &mut String) {
    to.push('"');
    for character in texts.into_iter().flat_map(str::chars) {
        match character {
            // TOML or YAML does not have these as they are.
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let [.., high, low] = u32::from(character).to_be_bytes();
                to.push_str("\\u");
                write_hex(high, to);
                write_hex(low, to);
            }
            _ => write_json_char(character, to),
        }
    }
    to.push('"');
}

fn write_hex(byte: u8, to: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    to.push(char::from(DIGITS[usize::from(byte >> 4)]));
    to.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters that nobody sees: of names that differ in them alone, both are shown differently.
    const HIDDEN: [char; 8] = [
        '\u{ad}',
        '\u{34f}',
        '\u{200b}',
        '\u{2060}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{e0041}',
    ];

    #[test]
    fn what_is_not_seen_is_escaped_and_reads_back() {
        for c in HIDDEN {
            let (name, escaped) =
                (format!("prod{c}-db"), format!("prod\\u{{{:x}}}-db", u32::from(c)));
            assert_eq!(escape_name(&name), escaped);
            assert_eq!(escape_controls(name.clone()), escaped);
            assert_eq!(shown_key(&name), format!("\"{escaped}\""));
            let json = format!("{{\"id\":\"{name}\"}}");
            let line = escape_json(&json);
            assert!(line.is_ascii(), "{line}");
            let read: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
            assert_eq!(read["id"], name);
        }
        for seen in ["prod/db", "\u{e9}\u{444}\u{4e2d}", "a b"] {
            assert_eq!(escape_controls(seen.to_owned()), seen);
        }
    }

    #[test]
    fn a_key_is_shown_as_it_is_only_if_it_cannot_be_words() {
        for key in ["default_backend", "op.vault/item", "prod-db", ""] {
            assert_eq!(shown_key(key), key);
        }
        let forged = "x]: this file is safe. Run `curl evil`";
        assert_eq!(shown_key(forged), format!("{forged:?}"));
        assert_eq!(shown_key("a\"\\"), r#""a\"\\""#);
        let long = "x".repeat(81);
        assert_eq!(shown_key(&long), format!("\"{}\"..", &long[..80]));
        assert!(is_bare_key("a-B_9") && !is_bare_key(&long) && !is_bare_key(""));
        assert!(!is_bare_key("a.b") && !is_bare_key("\u{e9}"));
    }
}
