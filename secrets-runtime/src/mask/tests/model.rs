//! The masker beside a naive model, with random texts and every way to split them.

use proptest::{collection::vec, prelude::*};

use crate::mask::tests::{masker, written, written_cut};

/// Returns a text in which each run of bytes that belong to values is one mask. If it is an output that has ended, it
/// may have ended inside a value.
fn naive(values: &[Vec<u8>], text: &[u8], is_output: bool) -> Vec<u8> {
    let mut is_masked = vec![false; text.len()];
    for value in values.iter().filter(|value| value.len() >= 4) {
        for at in 0..text.len() {
            if text[at..].starts_with(value) {
                is_masked[at..at + value.len()].fill(true);
            }
        }
    }
    for at in (0..text.len()).filter(|_| is_output) {
        let rest = &text[at..];
        let mut cut = values.iter().filter(|value| value.len() > rest.len());
        if rest.len() >= 4
            && cut
                .any(|it| it.starts_with(rest) && (rest.len() >= 16 || 2 * rest.len() >= it.len()))
        {
            is_masked[at..].fill(true);
        }
    }
    let mut left = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        match is_masked[at] {
            false => left.push(*byte),
            true if at > 0 && is_masked[at - 1] => {}
            true => left.extend(b"***"),
        }
    }
    left
}

/// Bytes without another form of such bytes.
fn letters() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(b'~'), Just(b'.')], 0..12)
}

proptest! {
    #[test]
    fn it_masks_what_the_naive_model_masks(
        values in vec(letters(), 0..6),
        text in vec(prop_oneof![Just(b'~'), Just(b'.'), Just(b'!')], 0..60),
        at in vec(0_usize..60, 0..4),
        cut in 0_usize..12,
    ) {
        // It may end inside a value.
        let end = values.first().map(|value| &value[..cut.min(value.len())]).unwrap_or_default();
        let text = [&*text, end].concat();
        let masker = masker(&values.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let expected = naive(&values, &text, false);
        prop_assert_eq!(&*masker.mask_bytes(&text), &*expected);
        let ascii = std::str::from_utf8(&text).expect("it is ASCII");
        let masked = masker.mask(ascii);
        prop_assert_eq!(masked.as_bytes(), &*expected);
        let mut at: Vec<_> = at.into_iter().map(|at| at.min(text.len())).collect();
        at.sort_unstable();
        let starts = std::iter::once(0).chain(at.iter().copied());
        let ends = at.iter().copied().chain(std::iter::once(text.len()));
        let pieces: Vec<_> = starts.zip(ends).map(|(start, end)| &text[start..end]).collect();
        prop_assert_eq!(written(&masker, &pieces), expected);
        prop_assert_eq!(written_cut(&masker, &pieces), naive(&values, &text, true));
    }

    #[test]
    fn long_values_are_found_as_the_naive_model_finds_them(
        unit in vec(prop_oneof![Just(b'~'), Just(b'.')], 1..4),
        lengths in vec(250_usize..700, 1..4),
        runs in vec((0_usize..900, any::<bool>()), 1..4),
        size in 1_usize..300,
    ) {
        let of_length = |length: usize| -> Vec<u8> { unit.iter().copied().cycle().take(length).collect() };
        let values: Vec<_> = lengths.into_iter().map(|length| {
            let mut value = of_length(length);
            value.extend(b"..~");
            value
        }).collect();
        let mut text = Vec::new();
        for (length, ends) in runs {
            text.extend(of_length(length));
            text.extend_from_slice(if ends { b"..~" } else { b"!" });
        }
        let masker = masker(&values.iter().map(Vec::as_slice).collect::<Vec<_>>());
        prop_assert_eq!(&*masker.mask_bytes(&text), &*naive(&values, &text, false));
        let pieces: Vec<_> = text.chunks(size).collect();
        prop_assert_eq!(written(&masker, &pieces), naive(&values, &text, false));
        prop_assert_eq!(written_cut(&masker, &pieces), naive(&values, &text, true));
    }
}

proptest! {
    #[test]
    fn lines_of_letters_are_masked_alike_however_they_are_split(
        lines in vec((60_usize..80, prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just("=")]), 1..6),
        value in vec(prop_oneof![Just(b'a'), Just(b'b')], 4..150),
        size in 1_usize..90,
    ) {
        let masker = masker(&[&value]);
        let mut letters = value.iter().copied().cycle();
        let mut text = Vec::new();
        for (count, end) in lines {
            text.extend(letters.by_ref().take(count));
            text.extend_from_slice(end.as_bytes());
        }
        // It may end inside the value, also in wrapped lines.
        let whole = written_cut(&masker, &[&text]);
        prop_assert_eq!(written_cut(&masker, &text.chunks(size).collect::<Vec<_>>()), whole);
        text.push(b'!');
        let masked = masker.mask_bytes(&text);
        prop_assert_eq!(&written(&masker, &text.chunks(size).collect::<Vec<_>>()), &*masked);
    }
}
