//! What goes to standard output.

use std::{
    borrow::Cow,
    io::{ErrorKind as IoKind, Write},
};

use base64ct::{Base64, Encoding};
use secrets_runtime::{Error, ErrorKind, SecretValue};
use zeroize::{Zeroize, Zeroizing};

use crate::failure::Failure;

/// What stands where a value is not shown.
pub const MASK: &str = "***";

/// Data on its way out. It may hold values: it is written at once, and wiped.
#[derive(Default)]
pub struct Page(Zeroizing<Vec<u8>>);

impl Page {
    pub fn push(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        let needed = self.0.len() + text.len();
        if needed > self.0.capacity() {
            // Growing in place would leave a copy behind that nobody wipes.
            let mut larger = Vec::with_capacity(needed.max(2 * self.0.capacity()).max(1024));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            *self.0 = larger;
        }
        self.0.extend_from_slice(text);
    }

    /// A value as a JSON string, bytes as `["base64", ".."]`, or the mask.
    pub fn push_json(&mut self, value: &SecretValue, is_binary: bool, reveal: bool) {
        if reveal && is_binary {
            self.push("[\"base64\", ");
            self.push(&*Zeroizing::new(json_string(&text_of(value, true))));
            self.push("]");
        } else if reveal {
            self.push(&*Zeroizing::new(json_string(&text_of(value, is_binary))));
        } else {
            self.push(json_string(MASK));
        }
    }

    /// Writes everything to standard output.
    pub fn print(&self) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        out.write_all(&self.0).and_then(|()| out.flush()).map_err(print_failure)
    }

    #[cfg(test)]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What it means that standard output cannot be written.
pub fn print_failure(error: std::io::Error) -> Failure {
    match error.kind() {
        IoKind::BrokenPipe => Failure::ReaderGone,
        _ => Error::new(ErrorKind::Other, "standard output cannot be written")
            .with_cause(error)
            .into(),
    }
}

/// A value as text: base64 if it is bytes.
pub fn text_of(value: &SecretValue, is_binary: bool) -> Zeroizing<String> {
    // To be written where the person who typed the command wants it.
    match value.expose_str() {
        Ok(text) if !is_binary => Zeroizing::new(text.to_owned()),
        _ => Zeroizing::new(Base64::encode_string(value.expose_bytes())),
    }
}

/// A text for a terminal, in one line: control characters, line breaks and marks that turn the direction of writing
/// are escaped, since keys and names are somebody else's.
pub fn plainly(text: &str) -> Cow<'_, str> {
    let odd = |c: char| {
        let turns = matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        turns || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
    };
    if !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if odd(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

/// A text as a JSON string.
pub fn json_string(text: &str) -> String {
    let mut json = Vec::with_capacity(text.len() * 6 + 2);
    // Writing a string into memory cannot fail, and gives UTF-8.
    let _ = serde_json::to_writer(&mut json, text);
    String::from_utf8(json).unwrap_or_default()
}
