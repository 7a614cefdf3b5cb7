//! The forms of a step's secrets, to find them in its result. For each pattern it is known which form of which value
//! it is.

use std::ops::Range;

use crate::{
    core::secret_value::SecretValue,
    mask::{
        dictionary::Dictionary,
        forms::{self, FormName},
        gram_filter::MIN_PATTERN,
        long_pattern::PatternId,
        scan::Scan,
        wiped_bytes::{self, WipedBytes},
        wrapped_base64::WrappedScan,
    },
};

/// A line of wrapped base64, with its line break, is longer than this.
const MIN_WRAPPED: usize = 64;

/// How many bytes of a text in pieces are searched at once.
const PIECE: usize = 4096;

/// The forms of values.
pub(crate) struct Patterns {
    dictionary: Dictionary,
    /// For each id of a pattern: the index of its value, and its form.
    found_as: Vec<(usize, FormName)>,
    /// Whether a pattern may be a number.
    has_number: bool,
}

impl Patterns {
    /// Returns the patterns of values, each of which has its index.
    pub(crate) fn of<'v>(values: impl Iterator<Item = &'v SecretValue>) -> Self {
        let mut dictionary = Dictionary::default();
        let mut found_as: Vec<(usize, FormName)> = Vec::new();
        let mut has_number = false;
        let values: Vec<_> = values.collect();
        for (index, value) in values.iter().enumerate() {
            forms::named(value, &mut |name, form| {
                if form.len() < MIN_PATTERN {
                    return;
                }
                let id = match found_as.last() {
                    Some(last) if *last == (index, name) => found_as.len() - 1,
                    _ => {
                        found_as.push((index, name));
                        found_as.len() - 1
                    }
                };
                dictionary.insert(form, PatternId::try_from(id).unwrap_or(PatternId::MAX));
                has_number |= form.len() <= MAX_NUMBER && form.iter().all(|it| is_of_number(*it));
            });
        }
        Self { dictionary, found_as, has_number }
    }

    /// Whether there is nothing to find.
    pub(crate) fn is_empty(&self) -> bool {
        self.dictionary.is_empty()
    }

    /// Whether a number has to be searched.
    pub(crate) fn has_number(&self) -> bool {
        self.has_number
    }

    /// Searches a whole text, and calls `found` with each pattern in it: the index of its value, and the form.
    #[inline]
    pub(crate) fn find_in(&self, text: &[u8], found: &mut dyn FnMut(usize, FormName)) {
        if text.len() >= MIN_PATTERN && self.may_be_in(text) {
            self.scan(text, found);
        }
        if text.len() > MIN_WRAPPED && memchr::memchr(b'\n', text).is_some() {
            let mut name = |_: Range<usize>, id| self.name(id, found);
            WrappedScan::default().advance(&self.dictionary, text, &mut name);
        }
    }

    /// Whether a pattern may be in a text.
    #[inline]
    fn may_be_in(&self, text: &[u8]) -> bool {
        let samples = self.dictionary.samples();
        let (mut at, stride) = (0, samples.stride());
        while let Some(gram) = text.get(at..).and_then(<[u8]>::first_chunk) {
            if samples.have(*gram) && self.may_be_at(text, at) {
                return true;
            }
            at += stride;
        }
        false
    }

    /// Whether a pattern may begin at this place or shortly before it.
    #[cold]
    fn may_be_at(&self, text: &[u8], at: usize) -> bool {
        let first = (at + 1).saturating_sub(self.dictionary.samples().stride());
        (first..=at).any(|start| {
            let gram = text[start..].first_chunk();
            gram.is_some_and(|gram| self.dictionary.may_begin(*gram)) && {
                let there = self.dictionary.find(&text[start..]);
                there.pattern.is_some() || !there.long.is_empty()
            }
        })
    }

    #[cold]
    fn scan(&self, text: &[u8], found: &mut dyn FnMut(usize, FormName)) {
        Scan::default().advance(&self.dictionary, text, &mut |_, id| self.name(id, found));
    }

    fn name(&self, id: PatternId, found: &mut dyn FnMut(usize, FormName)) {
        if let Some((index, form)) = self.found_as.get(id as usize) {
            found(*index, *form);
        }
    }
}

/// The most characters of a number: 128 bits, with a sign.
const MAX_NUMBER: usize = 40;

/// Whether this byte can be part of a number.
fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e')
}

/// The search of a text in pieces. Only bytes that may be the start of a pattern are stored.
pub(crate) struct TextSearch<'p> {
    patterns: &'p Patterns,
    text: WipedBytes,
    scan: Scan,
    wrapped: WrappedScan,
    /// How many bytes of the text have been searched.
    seen: usize,
}

impl<'p> TextSearch<'p> {
    pub(crate) fn new(patterns: &'p Patterns) -> Self {
        let (text, scan, wrapped) = Default::default();
        Self { patterns, text, scan, wrapped, seen: 0 }
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, piece: &[u8], found: &mut dyn FnMut(usize, FormName)) {
        for piece in piece.chunks(PIECE) {
            wiped_bytes::append(&mut self.text, piece);
            if self.text.len() >= self.seen + PIECE {
                self.search(found);
            }
        }
    }

    /// Searches the rest.
    pub(crate) fn finish(mut self, found: &mut dyn FnMut(usize, FormName)) {
        self.search(found);
    }

    fn search(&mut self, found: &mut dyn FnMut(usize, FormName)) {
        let Self { patterns, text, scan, wrapped, .. } = self;
        let dictionary = &patterns.dictionary;
        let mut name = |_: Range<usize>, id| patterns.name(id, found);
        scan.advance(dictionary, text, &mut name);
        wrapped.advance(dictionary, text, &mut name);
        let open = scan.first_open(text.len()).min(wrapped.first_open(text.len()));
        scan.forget(open);
        wrapped.forget(&text[..open]);
        text.drain(..open);
        self.seen = text.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::mask::{Masker, pattern_samples::MAX_STRIDE};

    fn letters(most: usize) -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![Just(b'~'), Just(b'.'), Just(b'a')], 0..most)
    }

    proptest! {
        #[test]
        fn what_the_masker_masks_is_found_in_a_whole_text_and_in_pieces(
            values in vec(letters(14), 1..5),
            long in (0_usize..2, 250_usize..600),
            text in letters(80),
            filler in 0_usize..9000,
            size in 1_usize..50,
        ) {
            let mut values: Vec<_> = values.into_iter().map(SecretValue::from).collect();
            values.extend((0..long.0).map(|_| SecretValue::from(vec![b'~'; long.1])));
            let masker = Masker::new();
            values.iter().for_each(|value| masker.add(value));
            let patterns = Patterns::of(values.iter());
            let filler = if filler % 3 == 0 { vec![b'~'; filler] } else { vec![b'!'; filler] };
            let text = [filler, text].concat();
            let is_masked = masker.mask_bytes(&text) != text;
            let mut whole = Vec::new();
            patterns.find_in(&text, &mut |index, _| whole.push(index));
            prop_assert_eq!(!whole.is_empty(), is_masked);
            let mut in_pieces = Vec::new();
            let mut found = |index, _| in_pieces.push(index);
            let mut search = TextSearch::new(&patterns);
            text.chunks(size).for_each(|piece| search.push(piece, &mut found));
            search.finish(&mut found);
            for found in [&mut whole, &mut in_pieces] {
                found.sort_unstable();
                found.dedup();
            }
            prop_assert_eq!(whole, in_pieces);
        }
    }

    #[test]
    fn most_places_of_a_text_are_not_searched() {
        let patterns = Patterns::of([SecretValue::from("correct horse")].iter());
        assert_eq!(patterns.dictionary.samples().stride(), MAX_STRIDE);
        let patterns = Patterns::of([SecretValue::from("wxyz")].iter());
        assert_eq!((patterns.dictionary.samples().stride(), patterns.has_number), (1, false));
        assert!(Patterns::of([SecretValue::from("-12.5e7")].iter()).has_number());
    }
}
