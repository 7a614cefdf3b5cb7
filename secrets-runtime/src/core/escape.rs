//! Texts in other notations: in messages, in URLs and in JSON.

use std::borrow::Cow;

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
            c => text.extend(c.escape_debug()),
        }
    }
    if name.chars().nth(80).is_some() {
        text.push_str("..");
    }
    text
}

/// Returns a text that is safe on a terminal and in a log: control characters, line breaks and marks that turn the
/// direction of writing are escaped. Names and paths that somebody else chose come with all of them.
pub(crate) fn escape_controls(text: String) -> String {
    if !text.contains(is_unsafe) {
        return text;
    }
    let escape =
        |c: char| if is_unsafe(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

/// Returns one line of JSON in which each character that a terminal may act on is an escape such as `\u009b`. JSON has
/// such characters inside texts only, where the escape means the same.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_unsafe) {
        return Cow::Borrowed(json);
    }
    // All of these characters have four hexadecimal digits at most.
    let escape = |c: char| match is_unsafe(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    Cow::Owned(json.chars().map(escape).collect())
}

/// Whether a terminal may do more than show the character.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The most bytes that a byte becomes when it is percent-encoded.
pub(crate) const LONGEST_PERCENT: usize = 3;

/// Writes a text percent-encoded: all but RFC 3986's unreserved characters. The text may be a secret: `to` does not
/// grow if it has [`LONGEST_PERCENT`] times the text's length left.
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
