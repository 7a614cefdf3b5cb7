use zeroize::Zeroizing;

use crate::mask::{
    gram_filter::{GramFilter, MIN_PATTERN},
    gram_map::GramMap,
    long_pattern::{LongPattern, MAX_ENTRY, PatternId},
    pattern_samples::PatternSamples,
};

/// The patterns to find, by their first four bytes. A new one is added without building the others again.
#[derive(Default)]
pub(super) struct Dictionary {
    buckets: GramMap<Vec<PatternEntry>>,
    /// The first one, two and three bytes of all patterns.
    beginnings: GramMap<()>,
    filter: GramFilter,
    samples: PatternSamples,
    long: Vec<LongPattern>,
    /// Whether everything is masked.
    has_ended: bool,
}

struct PatternEntry {
    bytes: Zeroizing<Vec<u8>>,
    /// The pattern, unless this is only the beginning of long ones.
    id: Option<PatternId>,
    /// The long patterns that begin with these bytes.
    long: Vec<usize>,
}

/// The patterns at one place of a text.
#[derive(Default)]
pub(super) struct FoundPattern<'d> {
    /// The longest pattern at this place, with its length.
    pub pattern: Option<(PatternId, usize)>,
    /// Whether a pattern may be at this place once the text continues.
    pub is_open: bool,
    /// The long patterns whose beginning is at this place.
    pub long: &'d [usize],
}

impl Dictionary {
    /// Creates a dictionary with which everything is masked.
    pub(super) fn ended() -> Self {
        Self { has_ended: true, ..Self::default() }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buckets.len() == 0
    }

    /// Adds a pattern, which has at least [`MIN_PATTERN`] bytes. A known pattern keeps its id.
    pub(super) fn insert(&mut self, pattern: &[u8], id: PatternId) {
        let Some(gram) = pattern.first_chunk::<MIN_PATTERN>() else { return };
        let bytes = &pattern[..pattern.len().min(MAX_ENTRY)];
        let bucket = self.buckets.entry(*gram);
        let at = match bucket.binary_search_by(|entry| entry.bytes.as_slice().cmp(bytes)) {
            Ok(at) => at,
            Err(at) => {
                let bytes = Zeroizing::new(bytes.to_vec());
                bucket.insert(at, PatternEntry { bytes, id: None, long: Vec::new() });
                at
            }
        };
        let entry = &mut bucket[at];
        if pattern.len() <= MAX_ENTRY {
            entry.id.get_or_insert(id);
        } else if !entry.long.iter().any(|known| self.long[*known].is(pattern)) {
            entry.long.push(self.long.len());
            self.long.push(LongPattern::new(pattern, id));
        }
        for length in 1..MIN_PATTERN {
            self.beginnings.entry(beginning(&gram[..length]));
        }
        if self.filter.is_full(self.buckets.len()) {
            self.filter = GramFilter::of(self.buckets.len(), self.buckets.keys());
        }
        self.filter.insert(*gram);
        if self.samples.is_full() {
            let entries = self.buckets.values().flatten().map(|entry| entry.bytes.as_slice());
            self.samples = PatternSamples::of(entries, self.samples.stride());
        }
        self.samples.insert(bytes);
    }

    /// Returns the samples of all patterns.
    #[inline(always)]
    pub(super) fn samples(&self) -> &PatternSamples {
        &self.samples
    }

    /// Whether a pattern may begin with these bytes. If this returns `false`, none does.
    #[inline(always)]
    pub(super) fn may_begin(&self, gram: [u8; MIN_PATTERN]) -> bool {
        self.filter.has(gram)
    }

    /// Returns the patterns at the beginning of a text.
    pub(super) fn find(&self, text: &[u8]) -> FoundPattern<'_> {
        let Some(gram) = text.first_chunk::<MIN_PATTERN>() else {
            let is_open = self.beginnings.get(&beginning(text)).is_some();
            return FoundPattern { is_open, ..FoundPattern::default() };
        };
        let Some(bucket) = self.buckets.get(gram) else { return FoundPattern::default() };
        let mut rest = &text[..text.len().min(MAX_ENTRY)];
        let mut found = FoundPattern::default();
        let after = bucket.partition_point(|entry| entry.bytes.as_slice() <= rest);
        if rest.len() < MAX_ENTRY {
            let next = bucket.get(after);
            found.is_open = next.is_some_and(|next| next.bytes.starts_with(rest));
        }
        // If an entry is at this place, it is the last one before the text, or before the part that both have in
        // common.
        while let Some(entry) = before(bucket, rest) {
            let common = common_length(&entry.bytes, rest);
            if common < entry.bytes.len() {
                rest = &rest[..common];
            } else if let Some(id) = entry.id {
                found.pattern = Some((id, common));
                break;
            } else {
                rest = &rest[..common - 1];
            }
        }
        if let Some(entry) = before(bucket, &text[..text.len().min(MAX_ENTRY)])
            && !entry.long.is_empty()
            && text.starts_with(&entry.bytes)
        {
            found.long = &entry.long;
        }
        found
    }

    /// Whether these bytes are the beginning of a pattern, and at least half of it. They are fewer than half of
    /// [`MAX_ENTRY`].
    pub(super) fn has_half(&self, bytes: &[u8]) -> bool {
        let bucket = bytes.first_chunk().and_then(|gram| self.buckets.get(gram));
        bucket.is_some_and(|bucket| {
            let first = bucket.partition_point(|entry| entry.bytes.as_slice() < bytes);
            let mut longer = bucket[first..].iter().take_while(|it| it.bytes.starts_with(bytes));
            longer.any(|entry| entry.bytes.len() <= 2 * bytes.len())
        })
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

/// Returns fewer than four bytes, filled up with zeros, and their number as the last byte.
fn beginning(bytes: &[u8]) -> [u8; MIN_PATTERN] {
    let mut filled = [0; MIN_PATTERN];
    filled[..bytes.len()].copy_from_slice(bytes);
    filled[MIN_PATTERN - 1] = u8::try_from(bytes.len()).unwrap_or(0);
    filled
}
