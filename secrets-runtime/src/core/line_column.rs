use std::fmt;

/// A place in a text: its line, and the character in that line. Both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineColumn {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl LineColumn {
    /// Returns the place of a byte. Of the text only its line breaks are read.
    pub(crate) fn of(text: &str, byte: usize) -> Self {
        let before = &text.as_bytes()[..byte.min(text.len())];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        // Columns count characters, as editors do: every byte that does not continue one.
        let column = before[line_start..].iter().filter(|byte| **byte & 0xC0 != 0x80).count() + 1;
        Self { line, column }
    }
}

impl fmt::Display for LineColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_characters_count_from_one() {
        let text = "ä\nbü c\n";
        for (byte, line, column) in
            [(0, 1, 1), (2, 1, 2), (3, 2, 1), (6, 2, 3), (9, 3, 1), (99, 3, 1)]
        {
            assert_eq!(LineColumn::of(text, byte), LineColumn { line, column }, "{byte}");
        }
    }
}
