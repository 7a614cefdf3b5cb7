//! Texts that are safe to print, and texts as JSON.

use alloc::{format, string::String};
use core::fmt::{self, Write};

/// Returns the text quoted, escaped, and cut after 60 characters.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}..", quoted(text.get(..cut).unwrap_or_default())),
        None => quoted(text),
    }
}

/// Returns the text as `{:?}` writes it, with every hidden character escaped, also those that Unicode counts as letters.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in format!("{text:?}").chars() {
        match is_hidden(c) {
            true => quoted.extend(c.escape_unicode()),
            false => quoted.push(c),
        }
    }
    quoted
}

/// Whether the text can neither move a terminal's cursor nor change the direction in which it is displayed.
pub(crate) fn is_printable(text: &str) -> bool {
    let is_bidi = |c: char| matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    !text.chars().any(|c| c.is_control() || is_bidi(c))
}

/// Whether a terminal may do more than show the character, or shows nothing for it, so that two names with it and without it
/// look alike.
///
/// These are control characters, line breaks, and what Unicode calls default ignorable (`DerivedCoreProperties.txt`), of which the
/// marks that change the direction of writing are a part.
///
/// ```
/// assert!(secrets_spec::is_hidden('\u{200b}') && !secrets_spec::is_hidden('\u{e9}'));
/// ```
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Whether the character is a straight, curly or back quote.
pub(crate) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201F}')
}

/// Writes a text as a JSON string, with its quotes.
pub(crate) fn write_json_string(text: &str, f: &mut impl Write) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if (c as u32) < 0x20 => write!(f, "\\u{:04x}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
