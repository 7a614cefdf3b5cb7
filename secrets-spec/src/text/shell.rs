//! Texts in commands that a message shows.

use alloc::{format, string::String};

/// Returns a text as one word of a POSIX shell, for a command that somebody may copy: in single quotes if it has anything but
/// plain characters.
///
/// ```
/// assert_eq!(secrets_spec::shell_word("/srv/app/secrets.toml"), "/srv/app/secrets.toml");
/// assert_eq!(secrets_spec::shell_word("it's; rm"), r"'it'\''s; rm'");
/// ```
#[must_use]
pub fn shell_word(text: &str) -> String {
    if !text.is_empty() && text.chars().all(is_plain) {
        return String::from(text);
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Whether the character has no meaning for a shell, a terminal or a reader of a message.
#[must_use]
pub fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c)
}
