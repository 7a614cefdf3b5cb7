//! A text that const evaluation puts together, which has no allocation and no formatting.

/// A text with limited room. What does not fit is left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConstText {
    bytes: [u8; Self::ROOM],
    len: usize,
}

impl ConstText {
    const ROOM: usize = 2048;

    /// Creates an empty text.
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; Self::ROOM], len: 0 }
    }

    /// Adds a text.
    pub(crate) const fn push(mut self, text: &str) -> Self {
        let mut i = 0;
        while i < text.len() {
            self = self.push_byte(text.as_bytes()[i]);
            i += 1;
        }
        self
    }

    /// Adds one byte of a text.
    pub(crate) const fn push_byte(mut self, byte: u8) -> Self {
        if self.len < Self::ROOM {
            self.bytes[self.len] = byte;
            self.len += 1;
        }
        self
    }

    /// Returns the text; `None` if the last character has been cut.
    pub(crate) const fn as_str(&self) -> Option<&str> {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => Some(text),
            Err(_) => None,
        }
    }
}
