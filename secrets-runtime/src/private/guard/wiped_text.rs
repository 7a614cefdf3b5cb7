use std::fmt::{Display, Write};

use zeroize::Zeroizing;

/// Returns a formatted text, in a buffer that is wiped.
pub(super) fn wiped_text(value: &dyn Display) -> Zeroizing<String> {
    let mut length = LengthCounter(0);
    // Neither counting nor writing into memory fails; a text that fails ends early.
    let _ = write!(length, "{value}");
    let mut text = Zeroizing::new(String::with_capacity(length.0));
    let _ = write!(*text, "{value}");
    text
}

/// Counts the bytes that are written, so that a buffer of this size is not moved while it is filled.
struct LengthCounter(usize);

impl Write for LengthCounter {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}
