use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use zeroize::Zeroizing;

use crate::mask::long_pattern::{LONGEST_ENTRY, LongPattern};

/// The length of the shortest pattern.
pub(super) const SHORTEST: usize = 4;
/// The patterns to find, by their first four bytes. A new one is added without building the others again.
#[derive(Default)]
pub(super) struct Dictionary {
    buckets: HashMap<[u8; SHORTEST], Vec<PatternEntry>, RandomState>,
    /// The first one, two and three bytes of all patterns.
    beginnings: HashSet<Beginning, RandomState>,
    filter: GramFilter,
    long: Vec<LongPattern>,
}

/// Fewer than four bytes, filled up with zeros, and how many they are.
type Beginning = ([u8; SHORTEST], usize);

struct PatternEntry {
    bytes: Zeroizing<Vec<u8>>,
    /// Whether this is a pattern, and not only the beginning of long ones.
    is_pattern: bool,
    /// The long patterns that begin so.
    long: Vec<usize>,
}

/// What a dictionary has for one place of a text.
#[derive(Default)]
pub(super) struct FoundPattern<'d> {
    /// The length of the longest pattern that stands there, or 0.
    pub length: usize,
    /// Whether a pattern may stand there once the text goes on.
    pub is_open: bool,
    /// The long patterns whose beginning stands there.
    pub long: &'d [usize],
}

impl Dictionary {
    pub(super) fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Adds a pattern, which has at least [`SHORTEST`] bytes.
    pub(super) fn insert(&mut self, pattern: &[u8]) {
        let Some(gram) = pattern.first_chunk::<SHORTEST>() else { return };
        let bytes = &pattern[..pattern.len().min(LONGEST_ENTRY)];
        let bucket = self.buckets.entry(*gram).or_default();
        let at = match bucket.binary_search_by(|entry| entry.bytes.as_slice().cmp(bytes)) {
            Ok(at) => at,
            Err(at) => {
                let bytes = Zeroizing::new(bytes.to_vec());
                bucket.insert(at, PatternEntry { bytes, is_pattern: false, long: Vec::new() });
                at
            }
        };
        let entry = &mut bucket[at];
        if pattern.len() <= LONGEST_ENTRY {
            entry.is_pattern = true;
        } else if !entry.long.iter().any(|known| self.long[*known].is(pattern)) {
            entry.long.push(self.long.len());
            self.long.push(LongPattern::new(pattern));
        }
        for length in 1..SHORTEST {
            self.beginnings.insert(beginning(&gram[..length]));
        }
        if self.filter.is_full(self.buckets.len()) {
            self.filter = GramFilter::of(self.buckets.len(), self.buckets.keys());
        }
        self.filter.insert(*gram);
    }

    /// Whether a pattern may begin with these bytes. If not, none does.
    #[inline(always)]
    pub(super) fn may_begin(&self, gram: [u8; SHORTEST]) -> bool {
        self.filter.has(gram)
    }

    /// Returns what stands at the beginning of a text.
    pub(super) fn find(&self, text: &[u8]) -> FoundPattern<'_> {
        let Some(gram) = text.first_chunk::<SHORTEST>() else {
            let is_open = self.beginnings.contains(&beginning(text));
            return FoundPattern { is_open, ..FoundPattern::default() };
        };
        let Some(bucket) = self.buckets.get(gram) else { return FoundPattern::default() };
        let mut rest = &text[..text.len().min(LONGEST_ENTRY)];
        let mut found = FoundPattern::default();
        let after = bucket.partition_point(|entry| entry.bytes.as_slice() <= rest);
        if rest.len() < LONGEST_ENTRY {
            let next = bucket.get(after);
            found.is_open = next.is_some_and(|next| next.bytes.starts_with(rest));
        }
        // An entry that stands there is the last one before the text, or before the part that both have in common.
        while let Some(entry) = before(bucket, rest) {
            let common = common_length(&entry.bytes, rest);
            if common < entry.bytes.len() {
                rest = &rest[..common];
            } else if entry.is_pattern {
                found.length = common;
                break;
            } else {
                rest = &rest[..common - 1];
            }
        }
        if let Some(entry) = before(bucket, &text[..text.len().min(LONGEST_ENTRY)])
            && !entry.long.is_empty()
            && text.starts_with(&entry.bytes)
        {
            found.long = &entry.long;
        }
        found
    }

    pub(super) fn long(&self, index: usize) -> &LongPattern {
        &self.long[index]
    }
}

/// Returns the last entry that is not after this text.
fn before<'b>(bucket: &'b [PatternEntry], text: &[u8]) -> Option<&'b PatternEntry> {
    let after = bucket.partition_point(|entry| entry.bytes.as_slice() <= text);
    bucket.get(after.checked_sub(1)?)
}

fn common_length(one: &[u8], two: &[u8]) -> usize {
    one.iter().zip(two).take_while(|(a, b)| a == b).count()
}

fn beginning(bytes: &[u8]) -> Beginning {
    let mut filled = [0; SHORTEST];
    filled[..bytes.len()].copy_from_slice(bytes);
    (filled, bytes.len())
}

/// Which four bytes may begin a pattern: a bit for each hash. At most one bit of 16 is set, so that few places of a
/// text are looked at more closely.
struct GramFilter {
    words: Box<[u64]>,
    shift: u32,
}

impl GramFilter {
    const BITS_EACH: usize = 16;

    fn of<'g>(count: usize, grams: impl Iterator<Item = &'g [u8; SHORTEST]>) -> Self {
        // Twice the size that is needed, so that it is seldom made again.
        let bits = (2 * count * Self::BITS_EACH).next_power_of_two().clamp(1 << 12, 1 << 26);
        let words = vec![0; bits / 64].into_boxed_slice();
        let mut filter = Self { words, shift: 32 - bits.ilog2() };
        grams.for_each(|gram| filter.insert(*gram));
        filter
    }

    fn is_full(&self, count: usize) -> bool {
        let bits = self.words.len() * 64;
        bits < count * Self::BITS_EACH && bits < 1 << 26
    }

    #[inline(always)]
    fn bit(&self, gram: [u8; SHORTEST]) -> (usize, u64) {
        let hash = u32::from_le_bytes(gram).wrapping_mul(0x9E37_79B1) >> self.shift;
        ((hash / 64) as usize, 1 << (hash % 64))
    }

    fn insert(&mut self, gram: [u8; SHORTEST]) {
        let (word, bit) = self.bit(gram);
        self.words[word] |= bit;
    }

    #[inline(always)]
    fn has(&self, gram: [u8; SHORTEST]) -> bool {
        let (word, bit) = self.bit(gram);
        self.words[word] & bit != 0
    }
}

impl Default for GramFilter {
    fn default() -> Self {
        Self::of(0, std::iter::empty())
    }
}
