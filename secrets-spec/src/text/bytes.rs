//! Byte helpers for const evaluation, where iterators, range slices and traits cannot be used.

/// Whether `part` is in `text` at byte `at`.
pub(crate) const fn matches_at(text: &[u8], at: usize, part: &[u8]) -> bool {
    if at + part.len() > text.len() {
        return false;
    }
    let mut i = 0;
    while i < part.len() {
        if text[at + i] != part[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Returns the index of the first `byte` in `text[from..to]`.
pub(crate) const fn find_byte(text: &[u8], byte: u8, from: usize, to: usize) -> Option<usize> {
    let mut i = from;
    while i < to {
        if text[i] == byte {
            return Some(i);
        }
        i += 1;
    }
    None
}

/// Returns the end of the character that starts at `at`.
pub(crate) const fn char_end(text: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < text.len() && text[end] & 0xC0 == 0x80 {
        end += 1;
    }
    end
}

/// Whether the two texts have the same bytes.
pub(crate) const fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && matches_at(a, 0, b)
}

/// Returns the index of the first control character (C0, DEL or C1) in `text[from..to]`.
pub(crate) const fn find_control(text: &[u8], from: usize, to: usize) -> Option<usize> {
    let mut i = from;
    while i < to {
        if text[i] < 0x20 || text[i] == 0x7F {
            return Some(i);
        }
        // U+0080 to U+009F are C2 80 to C2 9F.
        if text[i] == 0xC2 && i + 1 < to && text[i + 1] < 0xA0 {
            return Some(i);
        }
        i += 1;
    }
    None
}

/// Returns the index of the first component of the path `text[from..to]` that is exactly `..`.
pub(crate) const fn find_parent_component(text: &[u8], from: usize, to: usize) -> Option<usize> {
    let mut start = from;
    let mut i = from;
    while i <= to {
        if i == to || text[i] == b'/' || text[i] == b'\\' {
            if i - start == 2 && text[start] == b'.' && text[start + 1] == b'.' {
                return Some(start);
            }
            start = i + 1;
        }
        i += 1;
    }
    None
}

/// Whether `byte` is a lower-case letter, a digit or a hyphen.
pub(crate) const fn is_label_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

/// Whether two texts are equal, in const evaluation.
#[must_use]
pub const fn same_text(a: &str, b: &str) -> bool {
    equal(a.as_bytes(), b.as_bytes())
}
