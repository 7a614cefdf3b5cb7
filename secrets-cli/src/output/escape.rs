//! Text made safe for a terminal and for JSON.

use std::borrow::Cow;

/// Returns a text as one line for a terminal: control characters, line breaks, and marks that change the direction
/// of writing are escaped, since names and keys may come from somebody else.
pub fn escape_controls(text: &str) -> Cow<'_, str> {
    let changes_direction = |c: char| matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let is_unsafe =
        |c: char| changes_direction(c) || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| match is_unsafe(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escape).collect()
}

/// Returns a text as a JSON string, with its quotes.
pub fn json_string(text: &str) -> String {
    let mut json = Vec::with_capacity(text.len() * 6 + 2);
    // Writing a string into memory cannot fail, and the result is UTF-8.
    let _ = serde_json::to_writer(&mut json, text);
    String::from_utf8(json).unwrap_or_default()
}

/// Returns a text as a JSON string, or `null`.
pub fn json_string_or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), json_string)
}
