use crate::mask::gram_filter::{GramFilter, MIN_PATTERN};

/// The greatest distance of two samples.
pub(super) const MAX_STRIDE: usize = 8;

/// The sets of four bytes that may be at one of the first places of a pattern. If the shortest pattern has n bytes,
/// every occurrence of a pattern covers one of every n - 3 places of a text. So only these places are checked.
pub(super) struct PatternSamples {
    filter: GramFilter,
    /// The distance of two of these places. It never grows.
    stride: usize,
    /// The number of samples.
    count: usize,
}

impl PatternSamples {
    /// Returns the samples of patterns, none of which needs a shorter stride than this one.
    pub(super) fn of<'p>(patterns: impl Iterator<Item = &'p [u8]> + Clone, stride: usize) -> Self {
        let count = patterns.clone().map(|pattern| grams(pattern, stride).count()).sum();
        let filter = GramFilter::of(count, patterns.flat_map(|pattern| grams(pattern, stride)));
        Self { filter, stride, count }
    }

    /// Whether there are so many samples that a filter of this size finds too much.
    pub(super) fn is_full(&self) -> bool {
        self.filter.is_full(self.count + MAX_STRIDE)
    }

    /// Adds the samples of a pattern, or of the beginning of a long one.
    pub(super) fn insert(&mut self, pattern: &[u8]) {
        self.stride = self.stride.min(pattern.len().saturating_sub(MIN_PATTERN - 1)).max(1);
        for gram in grams(pattern, self.stride) {
            self.filter.insert(*gram);
            self.count += 1;
        }
    }

    #[inline(always)]
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// Whether these bytes may be a sample of a pattern. If not, no pattern begins at this place, nor at one of the
    /// places before it that are nearer than the stride.
    #[inline(always)]
    pub(super) fn have(&self, gram: [u8; MIN_PATTERN]) -> bool {
        self.filter.has(gram)
    }
}

impl Default for PatternSamples {
    fn default() -> Self {
        Self { filter: GramFilter::default(), stride: MAX_STRIDE, count: 0 }
    }
}

/// Returns the four bytes at each of the first places of a pattern.
fn grams(pattern: &[u8], places: usize) -> impl Iterator<Item = &[u8; MIN_PATTERN]> {
    pattern.windows(MIN_PATTERN).take(places).filter_map(|gram| gram.first_chunk())
}
