//! Texts whose white space differs from that of a secret: a program writes one word a line, or breaks lines at 80
//! columns.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::{
    core::secret_value::SecretValue,
    mask::{
        dictionary::Dictionary,
        forms,
        gram_filter::{GramFilter, MIN_PATTERN},
        scan::{self, Scan},
        stream,
        wiped_bytes::{self, WipedBytes},
    },
};

/// Returns a text without the values, if they differ from it in white space only. A secret inside which the text ends
/// is masked too. If the text is known to be cut, everything at its end that may be the start of a secret is left out.
pub(crate) fn mask_with_other_whitespace(
    mut text: &[u8],
    is_cut: bool,
    values: &[SecretValue],
) -> Zeroizing<Vec<u8>> {
    if is_cut && let Some(last) = text.utf8_chunks().last() {
        // The beginning of a character, which may be white space.
        text = &text[..text.len() - last.invalid().len()];
    }
    let packed = PackedText::of(text);
    let grams = || packed.bytes.windows(MIN_PATTERN).filter_map(<[u8]>::first_chunk);
    let filter = GramFilter::of(grams().count(), grams());
    let mut dictionary = Dictionary::default();
    for value in values {
        forms::of(value, &mut |form| {
            let form = packed_form(form);
            // Most do not begin in this text.
            if form.first_chunk().is_some_and(|gram| filter.has(*gram)) {
                dictionary.insert(&form, 0);
            }
        });
    }
    let (mut scan, mut finds) = (Scan::default(), Vec::new());
    scan.advance(&dictionary, &packed.bytes, &mut |find, _| scan::push(&mut finds, find));
    let mut end = text.len();
    if is_cut {
        end = packed.places.get(scan.first_open(packed.bytes.len())).map_or(end, |place| *place);
    } else {
        let start = scan.cut_start(&dictionary, &packed.bytes);
        finds.extend(start.map(|start| start..packed.bytes.len()));
    }
    for find in &mut finds {
        *find = packed.places[find.start]..packed.places[find.end - 1] + 1;
    }
    scan::join(&mut finds);
    let mut masked = wiped_bytes::with_capacity(text.len());
    stream::write_masked(text, 0..end, &finds, false, &mut masked);
    masked
}

/// The bytes of a text that are not white space.
struct PackedText {
    bytes: WipedBytes,
    /// The place of each byte in the text.
    places: Vec<usize>,
}

impl PackedText {
    fn of(text: &[u8]) -> Self {
        let (mut bytes, mut places) = (wiped_bytes::with_capacity(text.len()), Vec::new());
        for_each_word(text, |word| {
            bytes.extend_from_slice(&text[word.clone()]);
            places.extend(word);
        });
        Self { bytes, places }
    }
}

/// Returns a form of a value without its white space.
fn packed_form(form: &[u8]) -> WipedBytes {
    let mut packed = wiped_bytes::with_capacity(form.len());
    for_each_word(form, |word| packed.extend_from_slice(&form[word]));
    packed
}

/// Calls `each` with the range of each piece of a text without white space.
fn for_each_word(text: &[u8], mut each: impl FnMut(Range<usize>)) {
    let mut start = 0;
    for chunk in text.utf8_chunks() {
        let end = start + chunk.valid().len();
        for (at, space) in chunk.valid().match_indices(char::is_whitespace) {
            let at = end - chunk.valid().len() + at;
            each(start..at);
            start = at + space.len();
        }
        // Bytes that are not text are not white space.
        each(start..end + chunk.invalid().len());
        start = end + chunk.invalid().len();
    }
}
