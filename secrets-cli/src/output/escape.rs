//! Text made safe for a terminal and for JSON.

use std::borrow::Cow;

use zeroize::Zeroizing;

/// Returns a text as one line for a terminal: control characters, line breaks, and marks that change the direction
/// of writing are escaped, since names and keys may come from somebody else.
pub fn escape_controls(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| match is_unsafe(c) {
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
            c => text.extend(c.escape_debug()),
        }
    }
    text
}

/// Whether a terminal may do more than show the character.
fn is_unsafe(c: char) -> bool {
    let changes_direction = matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    changes_direction || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Returns a text as a POSIX shell reads it: in quotes if it has more than plain characters.
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:@%+,".contains(c);
    match text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// Returns a text as a JSON string, with its quotes.
pub fn json_string(text: &str) -> String {
    let mut json = Vec::with_capacity(text.len() * 6 + 2);
    // Writing a string into memory cannot fail, and the result is UTF-8.
    let _ = serde_json::to_writer(&mut json, text);
    let json = Zeroizing::new(String::from_utf8(json).unwrap_or_default());
    escape_json(&json)
}

/// Returns JSON in which each character that a terminal may act on is an escape such as `\u009b`. JSON allows such
/// characters inside strings only, where the escape means the same, and line breaks and tabs outside of them.
pub fn escape_json(json: &str) -> String {
    let is_escaped = |c: char| is_unsafe(c) && !matches!(c, '\n' | '\r' | '\t');
    // The text may contain values: the buffer does not grow, which would leave a copy.
    let more = 5 * json.chars().filter(|c| is_escaped(*c)).count();
    let mut escaped = String::with_capacity(json.len() + more);
    for c in json.chars() {
        match is_escaped(c) {
            // All of these characters have four hexadecimal digits at most.
            true => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
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
        let text = "a\u{1b}[31m\u{7f}\u{9b}31m\u{202e}\u{2066}\u{2028}é\"\\\n";
        let json = json_string(text);
        assert_eq!(json, r#""a\u001b[31m\u007f\u009b31m\u202e\u2066\u2028é\"\\\n""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        assert_eq!(escape_json("{\n\t\"a\": \"\u{9b}\"\r\n}"), "{\n\t\"a\": \"\\u009b\"\r\n}");
    }
}
