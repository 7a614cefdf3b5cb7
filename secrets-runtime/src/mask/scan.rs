use std::{mem, ops::Range};

use crate::mask::{
    dictionary::Dictionary,
    gram_filter::MIN_PATTERN,
    long_pattern::{MAX_ENTRY, PatternId},
};

/// If a text ends with more than this many bytes of the beginning of a pattern, this is not chance.
const MAX_CHANCE_BYTES: usize = 15;

/// How far a text has been searched. The text may become longer between two calls.
#[derive(Default)]
pub(super) struct Scan {
    /// Every place before this one is decided, except the open ones.
    decided: usize,
    /// Places at which a pattern may be once the text continues.
    open: Vec<usize>,
    partial_matches: Vec<PartialMatch>,
}

/// A long pattern whose beginning is at the end of the text so far.
struct PartialMatch {
    pattern: usize,
    /// The place up to which the text was compared.
    at: usize,
    /// The number of its bytes that are there. Nothing is followed if they are fewer than an entry has.
    matched: usize,
}

impl Scan {
    /// Searches the new part of the text, and the open places again. Calls `found` with each pattern and its place;
    /// finds may overlap.
    pub(super) fn advance(
        &mut self,
        dictionary: &Dictionary,
        text: &[u8],
        found: &mut impl FnMut(Range<usize>, PatternId),
    ) {
        if dictionary.has_ended() {
            *self = Self { decided: text.len(), ..Self::default() };
            if !text.is_empty() {
                found(0..text.len(), 0);
            }
            return;
        }
        if dictionary.is_empty() {
            self.decided = text.len();
            return;
        }
        for index in 0..self.partial_matches.len() {
            self.follow(dictionary, text, index, found);
        }
        for at in mem::take(&mut self.open) {
            self.search(dictionary, text, at, found);
        }
        let mut from = self.decided;
        let (samples, stride) = (dictionary.samples(), dictionary.samples().stride());
        // With a stride of one, a sample is the beginning of a pattern.
        while stride > 1
            && let Some(gram) = text.get(from + stride - 1..).and_then(<[u8]>::first_chunk)
        {
            if samples.have(*gram) {
                self.search_starts(dictionary, text, from..from + stride, found);
            }
            from += stride;
        }
        // A sample of a pattern that begins here may be missing.
        let end = (text.len() + 1).saturating_sub(MIN_PATTERN).max(from);
        self.search_starts(dictionary, text, from..end, found);
        for at in end..text.len() {
            self.search(dictionary, text, at, found);
        }
        self.decided = text.len();
    }

    /// Searches places, each of which is followed by at least four bytes.
    #[inline]
    fn search_starts(
        &mut self,
        dictionary: &Dictionary,
        text: &[u8],
        places: Range<usize>,
        found: &mut impl FnMut(Range<usize>, PatternId),
    ) {
        let part = text.get(places.start..places.end + MIN_PATTERN - 1).unwrap_or_default();
        for (at, gram) in part.windows(MIN_PATTERN).enumerate() {
            if gram.first_chunk().is_some_and(|gram| dictionary.may_begin(*gram)) {
                self.search(dictionary, text, places.start + at, found);
            }
        }
    }

    /// Returns the first place at which a pattern may be once the text of this length continues.
    pub(super) fn first_open(&self, length: usize) -> usize {
        let partial = self.partial_matches.iter().filter(|it| it.matched >= MAX_ENTRY);
        let starts = partial.map(|partial| length - partial.matched);
        starts.chain(self.open.first().copied()).min().unwrap_or(length)
    }

    /// Returns the beginning of the pattern inside which the text ends, if there is one. A text may end with the first
    /// letters of a secret by chance, as with a common word. So there must be at least four bytes of the pattern, and
    /// half of it unless they are more than [`MAX_CHANCE_BYTES`].
    pub(super) fn cut_start(&self, dictionary: &Dictionary, text: &[u8]) -> Option<usize> {
        let first = self.first_open(text.len());
        if text.len() - first > MAX_CHANCE_BYTES {
            return Some(first);
        }
        self.open.iter().copied().find(|at| dictionary.has_half(&text[*at..]))
    }

    /// Decides everything again, since the dictionary has other patterns now.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Removes this many bytes from the beginning of the text, with the open places there.
    pub(super) fn forget(&mut self, count: usize) {
        self.decided -= count;
        self.open.retain(|at| *at >= count);
        self.open.iter_mut().for_each(|at| *at -= count);
        self.partial_matches.retain(|partial| partial.at >= count);
        self.partial_matches.iter_mut().for_each(|partial| partial.at -= count);
    }

    #[inline(never)]
    fn search(
        &mut self,
        dictionary: &Dictionary,
        text: &[u8],
        at: usize,
        found: &mut impl FnMut(Range<usize>, PatternId),
    ) {
        let there = dictionary.find(&text[at..]);
        if let Some((id, length)) = there.pattern {
            found(at..at + length, id);
        }
        if there.is_open {
            self.open.push(at);
        }
        for pattern in there.long {
            self.follow_from(dictionary, text, *pattern, at + MAX_ENTRY, found);
        }
    }

    fn follow_from(
        &mut self,
        dictionary: &Dictionary,
        text: &[u8],
        pattern: usize,
        at: usize,
        found: &mut impl FnMut(Range<usize>, PatternId),
    ) {
        let known = self.partial_matches.iter().position(|partial| partial.pattern == pattern);
        let index = known.unwrap_or(self.partial_matches.len());
        match known {
            // The text has been compared past this place already.
            Some(index) if self.partial_matches[index].at >= at => return,
            Some(index) => {
                self.partial_matches[index] = PartialMatch { pattern, at, matched: MAX_ENTRY }
            }
            None => self.partial_matches.push(PartialMatch { pattern, at, matched: MAX_ENTRY }),
        }
        self.follow(dictionary, text, index, found);
    }

    fn follow(
        &mut self,
        dictionary: &Dictionary,
        text: &[u8],
        index: usize,
        found: &mut impl FnMut(Range<usize>, PatternId),
    ) {
        let partial = &mut self.partial_matches[index];
        if partial.matched < MAX_ENTRY {
            return;
        }
        let pattern = dictionary.long(partial.pattern);
        let ends = |end: usize| found(end - pattern.len()..end, pattern.id);
        let (at, matched) = pattern.follow(text, partial.at, partial.matched, ends);
        (partial.at, partial.matched) = (at, matched);
    }
}

/// Adds a find. A find that overlaps the last one becomes a part of it. A find that only touches it does not: between
/// the two, a line may end.
pub(super) fn push(finds: &mut Vec<Range<usize>>, find: Range<usize>) {
    match finds.last_mut() {
        Some(last) if last.start <= find.start && find.start < last.end => {
            last.end = last.end.max(find.end);
        }
        _ => finds.push(find),
    }
}

/// Sorts finds, and joins those that overlap or touch.
pub(super) fn join(finds: &mut Vec<Range<usize>>) {
    finds.sort_unstable_by_key(|find| find.start);
    finds.dedup_by(|find, last| {
        let is_part = find.start <= last.end;
        if is_part {
            last.end = last.end.max(find.end);
        }
        is_part
    });
}
