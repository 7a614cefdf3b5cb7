use zeroize::Zeroizing;

/// The length of the shortest pattern.
pub(super) const MIN_PATTERN: usize = 4;

/// The set of four bytes that may begin a pattern: two bits of one word for each hash. At most one bit of eight is
/// set, so few places of a text need a closer check.
pub(super) struct GramFilter {
    /// The bits say much about the bytes, so they are wiped.
    words: Zeroizing<Box<[u64]>>,
    shift: u32,
}

impl GramFilter {
    const BITS_EACH: usize = 16;

    pub(super) fn of<'g>(count: usize, grams: impl Iterator<Item = &'g [u8; MIN_PATTERN]>) -> Self {
        // Twice the needed size, so that it is seldom created again.
        let bits = (2 * count * Self::BITS_EACH).next_power_of_two().clamp(1 << 12, 1 << 26);
        let words = Zeroizing::new(vec![0; bits / 64].into_boxed_slice());
        let mut filter = Self { words, shift: 64 - (bits / 64).ilog2() };
        grams.for_each(|gram| filter.insert(*gram));
        filter
    }

    pub(super) fn is_full(&self, count: usize) -> bool {
        let bits = self.words.len() * 64;
        bits < count * Self::BITS_EACH && bits < 1 << 26
    }

    /// Returns the index of a word, and the numbers of two of its bits.
    #[inline(always)]
    fn place(&self, gram: [u8; MIN_PATTERN]) -> (usize, [u64; 2]) {
        let hash = u64::from(u32::from_le_bytes(gram)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // At most the upper 20 bits are the index.
        ((hash >> self.shift) as usize, [(hash >> 32) % 64, (hash >> 38) % 64])
    }

    pub(super) fn insert(&mut self, gram: [u8; MIN_PATTERN]) {
        let (word, bits) = self.place(gram);
        bits.iter().for_each(|bit| self.words[word] |= 1 << bit);
    }

    #[inline(always)]
    pub(super) fn has(&self, gram: [u8; MIN_PATTERN]) -> bool {
        let (word, [first, second]) = self.place(gram);
        let word = self.words[word];
        // One after the other: almost always the first one is not set.
        word & (1 << first) != 0 && word & (1 << second) != 0
    }
}

impl Default for GramFilter {
    fn default() -> Self {
        Self::of(0, std::iter::empty())
    }
}
