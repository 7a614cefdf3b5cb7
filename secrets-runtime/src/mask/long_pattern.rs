use zeroize::Zeroizing;

/// Identifies a pattern.
pub(super) type PatternId = u32;

/// The most bytes of a pattern that are compared at each place of a text. Of a longer pattern only this beginning is
/// compared; then [`LongPattern`] follows the text.
pub(super) const MAX_ENTRY: usize = 256;

/// A pattern that is too long to be compared at each place of a text: it is followed byte by byte, as Knuth, Morris
/// and Pratt do it, so that no text takes longer than its length.
pub(super) struct LongPattern {
    pub id: PatternId,
    bytes: Zeroizing<Vec<u8>>,
    /// For each number of bytes: the length of the longest beginning that is also their end.
    borders: Box<[u32]>,
}

impl LongPattern {
    pub(super) fn new(pattern: &[u8], id: PatternId) -> Self {
        let mut borders = vec![0_u32; pattern.len() + 1];
        let mut border = 0;
        for at in 1..pattern.len() {
            while border > 0 && pattern[at] != pattern[border] {
                border = borders[border] as usize;
            }
            border += usize::from(pattern[at] == pattern[border]);
            borders[at + 1] = u32::try_from(border).unwrap_or(0);
        }
        Self { id, bytes: Zeroizing::new(pattern.to_vec()), borders: borders.into_boxed_slice() }
    }

    pub(super) fn is(&self, pattern: &[u8]) -> bool {
        self.bytes.as_slice() == pattern
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Follows the text from a place at which this many bytes have been found, and calls `found` with the end of each
    /// occurrence. Returns where it stopped and how many bytes have been found there: at the end of the text, or
    /// where they are fewer than an entry of the dictionary.
    pub(super) fn follow(
        &self,
        text: &[u8],
        mut at: usize,
        mut matched: usize,
        mut found: impl FnMut(usize),
    ) -> (usize, usize) {
        while at < text.len() {
            while matched > 0 && (matched == self.len() || text[at] != self.bytes[matched]) {
                matched = self.borders[matched] as usize;
            }
            matched += usize::from(text[at] == self.bytes[matched]);
            at += 1;
            if matched == self.len() {
                found(at);
            }
            if matched < MAX_ENTRY {
                break;
            }
        }
        (at, matched)
    }
}
