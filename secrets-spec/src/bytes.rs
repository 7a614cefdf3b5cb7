//! Byte helpers that work in const evaluation, where iterators, slices by range and traits do not.

/// Whether `text` has `part` at byte `at`.
pub(crate) const fn has_at(text: &[u8], at: usize, part: &[u8]) -> bool {
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

/// The first `byte` in `text[from..to]`.
pub(crate) const fn find(text: &[u8], byte: u8, from: usize, to: usize) -> Option<usize> {
    let mut i = from;
    while i < to {
        if text[i] == byte {
            return Some(i);
        }
        i += 1;
    }
    None
}

/// The byte after the character that starts at `at`.
pub(crate) const fn char_end(text: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < text.len() && text[end] & 0xC0 == 0x80 {
        end += 1;
    }
    end
}

/// Whether the two texts are the same bytes.
pub(crate) const fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && has_at(a, 0, b)
}

/// The first control character (C0, DEL or C1) in `text[from..to]`.
pub(crate) const fn control(text: &[u8], from: usize, to: usize) -> Option<usize> {
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

/// Whether the path `text[from..to]` has a component that is exactly `..`.
pub(crate) const fn parent_component(text: &[u8], from: usize, to: usize) -> Option<usize> {
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
pub(crate) const fn is_label(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

/// Whether one insertion, deletion, replacement or swap of neighbours, or nothing, makes `a` (its letters
/// lower-cased) into `b`.
pub(crate) const fn within_one_edit(a: &[u8], a_end: usize, b: &[u8]) -> bool {
    let (longer, shorter) = if a_end > b.len() { (a_end, b.len()) } else { (b.len(), a_end) };
    if longer - shorter > 1 {
        return false;
    }
    let mut head = 0;
    while head < shorter && a[head].to_ascii_lowercase() == b[head] {
        head += 1;
    }
    let mut tail = 0;
    while tail < shorter - head && a[a_end - 1 - tail].to_ascii_lowercase() == b[b.len() - 1 - tail]
    {
        tail += 1;
    }
    let (left_a, left_b) = (a_end - head - tail, b.len() - head - tail);
    if left_a <= 1 && left_b <= 1 {
        return true;
    }
    left_a == 2
        && left_b == 2
        && a[head].to_ascii_lowercase() == b[head + 1]
        && a[head + 1].to_ascii_lowercase() == b[head]
}
