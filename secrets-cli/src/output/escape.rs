//! Text made safe for a terminal and for JSON.

use std::borrow::Cow;

use secrets_spec::is_hidden;
use zeroize::Zeroizing;

/// Returns a text as one line for a terminal: control characters, line breaks, marks that change the direction of writing and
/// characters that are not seen are escaped, since names and keys may come from somebody else.
pub fn escape_controls(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| match is_hidden(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escape).collect()
}

/// Returns a name for a message: characters that cannot be seen are escaped, and it is cut after 80 characters. Quotes
/// and backslashes stay as they are.
pub fn escape_name(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars().take(80) {
        match c {
            '\'' | '"' | '\\' => text.push(c),
            // Some of these count as letters.
            c if is_hidden(c) => text.extend(c.escape_default()),
            c => text.extend(c.escape_debug()),
        }
    }
    text
}

/// Returns a text as a JSON string, with its quotes.
pub fn json_string(text: &str) -> String {
    let mut json = Vec::with_capacity(text.len() * 6 + 2);
    // Writing a string into memory cannot fail, and the result is UTF-8.
    let _ = serde_json::to_writer(&mut json, text);
    let json = Zeroizing::new(String::from_utf8(json).unwrap_or_default());
    escape_json(&json)
}

/// Returns JSON in which each character that is not seen, or that a terminal may act on, is an escape such as `\u009b`. JSON
/// allows such characters inside strings only, where the escape means the same, and line breaks and tabs outside of them.
pub fn escape_json(json: &str) -> String {
    let is_escaped = |c: char| is_hidden(c) && !matches!(c, '\n' | '\r' | '\t');
    // The text may contain values: the buffer does not grow, which would leave a copy.
    let more = 8 * json.chars().filter(|c| is_escaped(*c)).count();
    let mut escaped = String::with_capacity(json.len() + more);
    for c in json.chars() {
        match is_escaped(c) {
            // Of a character with more than four hexadecimal digits, JSON has two halves.
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }),
            false => escaped.push(c),
        }
    }
    escaped
}

/// Returns a text as a JSON string, or `null`.
pub fn json_string_or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), json_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_may_act_on_is_escaped_and_reads_back() {
        let text = "a\u{1b}[31m\u{7f}\u{9b}31m\u{202e}\u{2066}\u{2028}\u{200b}\u{e0041}é\"\\\n";
        let json = json_string(text);
        assert_eq!(
            json,
            r#""a\u001b[31m\u007f\u009b31m\u202e\u2066\u2028\u200b\udb40\udc41é\"\\\n""#
        );
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        assert_eq!(escape_json("{\n\t\"a\": \"\u{9b}\"\r\n}"), "{\n\t\"a\": \"\\u009b\"\r\n}");
    }
}
