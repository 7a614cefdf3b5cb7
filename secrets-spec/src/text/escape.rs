//! Texts that are safe to print, and texts as JSON.

use alloc::{format, string::String};
use core::fmt::{self, Write};

/// Returns the text quoted, escaped, and cut after 60 characters.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{:?}..", text.get(..cut).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// Whether the text can neither move a terminal's cursor nor change the direction in which it is displayed.
pub(crate) fn is_printable(text: &str) -> bool {
    let is_bidi = |c: char| matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    !text.chars().any(|c| c.is_control() || is_bidi(c))
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
