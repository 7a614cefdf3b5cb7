//! Small pieces of messages.

/// Names for a person: backquoted, with commas; of more than 20, how many more there are.
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

/// A name without control characters, cut after 80 characters.
pub(crate) fn escape_name(name: &str) -> String {
    let mut text: String = name.chars().take(80).flat_map(char::escape_debug).collect();
    if name.chars().nth(80).is_some() {
        text.push_str("..");
    }
    text
}

/// A text that is safe on a terminal and in a log: control characters, line breaks and marks that turn the
/// direction of writing are escaped. Names and paths that somebody else chose come with all of them.
pub(crate) fn escape_controls(text: String) -> String {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(odd) {
        return text;
    }
    let escape = |c: char| if odd(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

/// Appends a text in percent-encoding: all but RFC 3986's unreserved characters is encoded. It becomes at most
/// three times as long.
pub(crate) fn percent_encode(text: &str, to: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                to.push(char::from(byte));
            }
            _ => {
                to.push('%');
                push_hex(byte, to);
            }
        }
    }
}

/// Appends a byte as two hexadecimal digits.
pub(crate) fn push_hex(byte: u8, to: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    to.push(char::from(HEX[usize::from(byte >> 4)]));
    to.push(char::from(HEX[usize::from(byte & 15)]));
}
