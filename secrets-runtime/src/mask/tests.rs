//! The masker beside a naive model, with random texts and every way to split them.
//!
//! Long because: one model and one set of texts serve all tests of the masker and its writer.

use std::io::Write;

use proptest::{collection::vec, prelude::*};

use super::Masker;
use crate::core::secret_value::SecretValue;

fn masker(values: &[&[u8]]) -> Masker {
    let masker = Masker::new();
    values.iter().for_each(|value| masker.add(&SecretValue::from(value.to_vec())));
    masker
}

/// What is left of a text without every byte of every occurrence of a value, with one mask for each run. If it is an
/// output that has ended, it may have ended inside a value.
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

fn written(masker: &Masker, pieces: &[&[u8]]) -> Vec<u8> {
    let mut writer = masker.writer(Vec::new());
    for piece in pieces {
        writer.write_all(piece).expect("a vector takes everything");
    }
    writer.finish().expect("a vector takes everything")
}

fn written_cut(masker: &Masker, pieces: &[&[u8]]) -> Vec<u8> {
    let mut writer = masker.writer(Vec::new());
    for piece in pieces {
        writer.write_all(piece).expect("a vector takes everything");
    }
    writer.finish_cut().expect("a vector takes everything")
}

/// Bytes that have no other form that is made of such bytes.
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

    #[test]
    fn every_form_is_found_inside_random_bytes(
        value in vec(any::<u8>(), 4..40),
        before in vec(any::<u8>(), 0..90),
        after in vec(any::<u8>(), 0..90),
        size in 1_usize..80,
    ) {
        prop_assume!(super::forms::is_maskable(&value));
        let masker = masker(&[&value]);
        let mut forms = Vec::new();
        super::forms::of(&SecretValue::from(value.clone()), &mut |form| forms.push(form.to_vec()));
        // No form begins at the end.
        let closing: Vec<u8> = (0x80..=0xff).filter(|it| !value.contains(it)).take(1).collect();
        for form in forms {
            let text = [&*before, &form, &after, &closing].concat();
            let masked = masker.mask_bytes(&text);
            prop_assert!(!masked.windows(form.len()).any(|part| part == form));
            prop_assert_eq!(&written(&masker, &text.chunks(size).collect::<Vec<_>>()), &*masked);
        }
    }

    #[test]
    fn wrapped_base64_of_any_text_around_it_is_found(
        before in vec(any::<u8>(), 0..200),
        after in vec(any::<u8>(), 0..100),
        columns in prop_oneof![Just(64_usize), Just(76)],
        feed in prop_oneof![Just("\n"), Just("\r\n")],
        size in 1_usize..90,
    ) {
        use base64ct::{Base64, Encoding};
        let value = b"SeNtInEl-of-some-length-with-more-than-one-line-of-base64-in-all";
        let masker = masker(&[value]);
        let letters = Base64::encode_string(&[&*before, value, &after].concat());
        let lines: Vec<_> = letters.as_bytes().chunks(columns).map(|line| {
            std::str::from_utf8(line).expect("it is ASCII")
        }).collect();
        let text = format!("{}{feed}", lines.join(feed));
        let masked = masker.mask(&text);
        let (start, end) = ((8 * before.len()).div_ceil(6), 8 * (before.len() + value.len()) / 6);
        let left = letters[..start].len() + letters[end..].len();
        let kept = masked.replace("***", "").replace(feed, "");
        prop_assert!(kept.len() <= left, "{}", masked);
        prop_assert!(kept.len() + 4 >= left, "the letters around it stay: {}", masked);
        let pieces: Vec<_> = text.as_bytes().chunks(size).collect();
        prop_assert_eq!(written(&masker, &pieces), masked.as_bytes());
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

#[test]
fn a_secret_is_found_however_it_is_split() {
    let values: &[&[u8]] = &[b"SeNtInEl-1", b"SeNtInEl-12345", b"l-1234567"];
    let text = b"a SeNtInEl-12345 b SeNtInEl-1234567 c SeNtInEl-1 SeNt";
    let expected = b"a *** b *** c *** SeNt";
    let masker = masker(values);
    for at in 0..=text.len() {
        let (one, two) = text.split_at(at);
        assert_eq!(written(&masker, &[one, two]), expected, "split at {at}");
        // A flush lets no more than three bytes out before it is known that they begin a secret.
        let mut writer = masker.writer(Vec::new());
        writer.write_all(one).unwrap();
        writer.flush().unwrap();
        writer.write_all(two).unwrap();
        let flushed = String::from_utf8(writer.finish().unwrap()).unwrap();
        let shown = flushed.matches("SeN").count() + flushed.matches("l-").count();
        assert!(shown <= 2 && !flushed.contains("SeNtI"), "{flushed}");
    }
    let bytes: Vec<_> = text.chunks(1).collect();
    assert_eq!(written(&masker, &bytes), expected);
}

#[test]
fn a_write_passes_on_what_cannot_be_the_start_of_a_secret() {
    let masker = masker(&[b"SeNtInEl-1"]);
    let mut writer = masker.writer(Vec::new());
    let mut seen = |piece: &[u8]| {
        writer.write_all(piece).unwrap();
        writer.flush().unwrap();
    };
    seen(b"prompt Se");
    seen(b"Nt");
    let out = writer.finish().unwrap();
    assert_eq!(out, b"prompt SeNt");

    let (mut writer, sink) = shared_writer(&masker);
    writer.write_all(b"prompt> S").unwrap();
    assert_eq!(sink.take(), b"prompt> ");
    writer.flush().unwrap();
    assert_eq!(sink.take(), b"S");
    writer.write_all(b"eNtI").unwrap();
    writer.flush().unwrap();
    assert_eq!(sink.take(), b"", "five bytes wait");
    writer.write_all(b"nEl-1;").unwrap();
    assert_eq!(sink.take(), b"***;");
}

#[test]
fn an_output_that_ends_inside_a_secret_does_not_show_it() {
    use base64ct::{Base64, Encoding};
    let known = masker(&[b"SeNtInEl-PASSWORD-20"]);
    for (text, left) in [
        ("it is SeNtInEl-PASSWORD-2", "it is ***"),
        ("it is SeNtInEl-P", "it is ***"),
        ("it is SeNtInEl-", "it is SeNtInEl-"),
        ("it is 53654e74496e456c2d50", "it is ***"),
        ("SeNtInEl-PASSWORD-20, SeNtInEl-PASS", "***, ***"),
    ] {
        for at in 0..text.len() {
            let (one, two) = text.as_bytes().split_at(at);
            assert_eq!(written_cut(&known, &[one, two]), left.as_bytes(), "{text}, split at {at}");
        }
    }
    // Common words that begin a secret, and the whole that is one.
    let common = masker(&[b"password-SeNtInEl", b"error", b"not-found"]);
    for text in ["a pass", "an err", "it is not-", "the password"] {
        assert_eq!(written_cut(&common, &[text.as_bytes()]), text.as_bytes());
    }
    // Sixteen bytes are no chance, however long the secret is.
    let long = masker(&["SeNtInEl-".repeat(1000).as_bytes()]);
    assert_eq!(written_cut(&long, &[b"SeNtInEl-SeNtIn"]), b"SeNtInEl-SeNtIn");
    assert_eq!(written_cut(&long, &[b"SeNtInEl-SeNtInE"]), b"***");
    assert_eq!(written_cut(&long, &["SeNtInEl-".repeat(999).as_bytes()]), b"***");
    // Wrapped lines of base64 end inside it.
    let letters = Base64::encode_string(&b"SeNtInEl-".repeat(1000));
    let text = format!("{}\n{}", &letters[..76], &letters[76..100]);
    assert_eq!(written_cut(&long, &[text.as_bytes()]), b"***");
    let text = format!("{}{}\n", "!".repeat(10), &letters[..70]);
    assert_eq!(written_cut(&long, &[text.as_bytes()]), b"!!!!!!!!!!***\n");
    // What was flushed of it has been shown.
    let mut writer = known.writer(Vec::new());
    writer.write_all(b"SeN").unwrap();
    writer.flush().unwrap();
    writer.write_all(b"tInEl-PASSW").unwrap();
    assert_eq!(writer.finish_cut().unwrap(), b"SeN***");
}

#[test]
fn a_find_that_may_go_on_is_masked_at_a_flush() {
    let masker = masker(&[b"SeNtInEl", b"SeNtInEl-and-more"]);
    let (mut writer, sink) = shared_writer(&masker);
    writer.write_all(b"it is SeNtInEl").unwrap();
    writer.flush().unwrap();
    assert_eq!(sink.take(), b"it is ***");
    writer.write_all(b"-and-more.").unwrap();
    assert_eq!(sink.take(), b".");
}

#[test]
fn a_value_that_is_learned_later_is_masked_by_the_writers_that_exist() {
    let masker = Masker::new();
    let mut writer = masker.writer(Vec::new());
    writer.write_all(b"SeNtInEl-1 ").unwrap();
    masker.add(&SecretValue::from("SeNtInEl-1"));
    writer.write_all(b"SeNtInEl-1 SeNtInEl").unwrap();
    masker.add(&SecretValue::from("InEl-2"));
    writer.write_all(b"-2").unwrap();
    assert_eq!(writer.finish().unwrap(), b"SeNtInEl-1 *** SeNt***");
}

#[test]
fn bytes_that_are_no_text_pass_and_a_cut_character_goes_whole() {
    let known = masker(&[b"SeNtInEl"]);
    let text = b"\xff\xfe SeNtInEl \x80\xc3";
    assert_eq!(&*known.mask_bytes(text), b"\xff\xfe *** \x80\xc3");
    assert_eq!(written(&known, &[text]), b"\xff\xfe *** \x80\xc3");
    // The value begins with the second byte of `é`, and ends with the first of it.
    let cut = masker(&[b"\xa9cret\xc3"]);
    assert_eq!(cut.mask("a écreté b"), "a *** b");
}

#[test]
fn short_and_common_values_stay() {
    let values = ["abc", " abc\n", "true", " localhost\n", "postgres", "", "\n\n\n\n\n"];
    let masker = masker(&values.map(str::as_bytes));
    let text = "abc YWJj true localhost postgres \n\n\n\n\n";
    assert_eq!(masker.mask(text), text);
    assert_eq!(format!("{masker:?}"), "Masker { values: 0 }");
}

#[test]
fn a_mask_is_the_text_itself_where_nothing_is_found() {
    let masker = masker(&[b"SeNtInEl"]);
    assert!(matches!(masker.mask("nothing"), std::borrow::Cow::Borrowed("nothing")));
    assert!(matches!(masker.mask_bytes(b"nothing"), std::borrow::Cow::Borrowed(b"nothing")));
    assert_eq!(format!("{:?}", masker.clone()), "Masker { values: 1 }");
}

/// Each row: a value, a text with one of its forms, and the text that is left.
const FORMS: &[(&str, &str, &str)] = &[
    (" SeNtInEl\n", "<SeNtInEl>", "<***>"),
    ("SeNtInEl one\r\nSeNtInEl two\n{", "SeNtInEl one, SeNtInEl two, {", "***, ***, {"),
    ("SeNtInEl?>", "U2VOdEluRWw/Pg==", "***"),
    ("SeNtInEl?>", "U2VOdEluRWw_Pg", "***"),
    ("SeNtInEl", "53654e74496e456c 53654E74496E456C", "*** ***"),
    ("Se Nt/InEl~", "Se%20Nt%2FInEl~ Se%20Nt/InEl~ Se+Nt%2fInEl%7e", "*** *** ***"),
    ("Se'Nt(InEl)!*", "Se'Nt(InEl)!* Se%27Nt%28InEl%29%21%2A", "*** ***"),
    ("Se\"Nt\u{e9}/", "Se\\\"Nt\u{e9}/ Se\\\"Nt\\u00e9/ Se\\\"Nt\\u00E9\\/", "*** *** ***"),
    ("SeNt\u{7f}InEl", "SeNt\\u007fInEl", "***"),
    ("Nt\u{1f600}\u{1}", "Nt\\ud83d\\ude00\\u0001", "***"),
    ("Se<Nt>&'\"", "Se&lt;Nt&gt;&amp;&apos;&quot; Se&lt;Nt&gt;&amp;&#39;\"", "*** ***"),
    ("Se<Nt>&'\"", "Se&lt;Nt>&amp;&#x27;&#34; Se\\u003cNt\\u003e\\u0026'\\\"", "*** ***"),
    ("Se'Nt'InEl", "'Se'\\''Nt'\\''InEl' 'Se'\"'\"'Nt'\"'\"'InEl'", "'***' '***'"),
    ("Se\0\u{7f}\"Nt", "\"Se\\0\\u{7f}\\\"Nt\"", "\"***\""),
    (
        "{\"a\": [\"SeNt\\nInEl\", {\"b\": 123456}], \"c\": 12345}",
        "SeNt\nInEl U2VOdApJbkVs 123456 12345",
        "*** *** *** 12345",
    ),
    ("{\"a\": \"https://u:SeNt%2FInEl@h/\"}", "SeNt%2FInEl SeNt/InEl", "*** ***"),
    // What a strict reader of JSON refuses.
    ("{\"key\":\"SeNt-1\",\"key\":\"SeNt-2\"}", "key SeNt-1 SeNt-2", "key *** ***"),
    ("\u{feff}{\"a\":\"SeNtInEl\"}", "SeNtInEl", "***"),
    ("\u{feff}SeNtInEl", "SeNtInEl", "***"),
    (
        "[\"SeNt\\ud800InEl\", \"SeNt\\ud83d\\ude00\"]",
        "SeNt\u{fffd}InEl SeNt\\ud800InEl SeNt\u{1f600}",
        "*** *** ***",
    ),
    ("[\"SeNt\\xInEl\", 1234567, x123456]", "SeNt\\xInEl 1234567 123456", "*** *** 123456"),
    ("{\"password\":\"SeNtInEl", "password SeNtInEl", "password ***"),
    // What a strict reader of URLs reads as a path, a query or a fragment.
    ("postgres://user:SeNt#InEl@host/db", "user SeNt#InEl host", "user *** host"),
    ("postgres://user:Se?Nt#InEl@host/db?x=y@z", "user Se?Nt#InEl host", "user *** host"),
    ("redis://:123456#SeNt@host", "123456#SeNt host", "*** host"),
    ("amqp://user:Se@Nt#InEl@host and more", "Se@Nt#InEl host", "*** host"),
    ("https://host/name:SeNtInEl@x", "SeNtInEl", "SeNtInEl"),
    (
        "jdbc:postgresql://user:SeNtInEl@localhost/db",
        "user SeNtInEl localhost",
        "user *** localhost",
    ),
    ("https://host:8080/@scope?a=b:SeNt@x", "8080 SeNt", "8080 SeNt"),
    ("postgres://u:Se/Nt@InEl@host/db?x=y@z", "Se/Nt@InEl host", "*** host"),
];

#[test]
fn a_text_with_many_wrapped_finds_is_masked() {
    let line = format!("{}\n", "abcd".repeat(19));
    let masked = masker(&[b"abcd"]).mask(&line.repeat(27_000)).into_owned();
    assert_eq!(masked, "***\n".repeat(27_000));
}

#[test]
fn a_long_wrapped_secret_is_found_that_comes_byte_by_byte() {
    use base64ct::{Base64, Encoding};
    let value: Vec<u8> = (0..60_000_u32)
        .flat_map(|number| (number.wrapping_mul(2_654_435_761)).to_le_bytes())
        .take(60_000)
        .collect();
    let letters = Base64::encode_string(&value);
    let lines: Vec<_> = letters.as_bytes().chunks(76).collect();
    let text = [b"it is\n", &*lines.join(&b'\n'), b"\n"].concat();
    let pieces: Vec<_> = text.chunks(1).collect();
    assert_eq!(written(&masker(&[&value]), &pieces), b"it is\n***\n");
}

#[test]
fn a_listener_is_not_called_under_the_lock() {
    use std::sync::{Arc, Mutex};
    let (masker, heard) = (Masker::new(), Arc::new(Mutex::new(Vec::new())));
    let (same, list) = (masker.clone(), heard.clone());
    masker.listen(move |value| {
        list.lock().unwrap().push((value.len(), same.mask("SeNtInEl").into_owned()));
    });
    masker.add(&SecretValue::from("SeNtInEl"));
    masker.add(&SecretValue::from("SeNtInEl"));
    assert_eq!(*heard.lock().unwrap(), [(8, "SeNtInEl".to_owned())], "before it is known, once");
    masker.clear();
    assert_eq!(format!("{masker:?} {}", masker.mask("SeNtInEl")), "Masker { values: 0 } SeNtInEl");
}

/// Takes four bytes at once, and panics at the second write.
struct Panicking<'t>(&'t mut Vec<u8>);

impl Write for Panicking<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = bytes.len().min(4);
        self.0.extend_from_slice(&bytes[..count]);
        assert!(self.0.len() <= 4, "it panics");
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn nothing_is_written_again_after_a_panic() {
    let mut taken = Vec::new();
    let mut writer = masker(&[b"SeNtInEl"]).writer(Panicking(&mut taken));
    let write = std::panic::AssertUnwindSafe(|| writer.write(b"one two three"));
    assert!(std::panic::catch_unwind(write).is_err());
    drop(writer);
    assert_eq!(taken, b"one two ");
}

#[test]
fn every_form_is_masked() {
    for (value, text, left) in FORMS {
        assert_eq!(masker(&[value.as_bytes()]).mask(text), *left, "{value:?}");
    }
}

#[test]
fn the_line_break_between_two_secrets_stays() {
    let value = "SeNtInEl-of-forty-letters-or-a-few-more";
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(masker(&[value.as_bytes()]).mask(&format!("{hex}\n{hex}\n")), "***\n***\n");
}

#[test]
fn base64_inside_a_longer_text_is_masked_but_for_the_letters_at_its_edges() {
    use base64ct::{Base64, Encoding};
    let masker = masker(&[b"SeNtInEl"]);
    for before in ["", "a", "ab", "user:"] {
        let text = Base64::encode_string(format!("{before}SeNtInEl, and more").as_bytes());
        let masked = masker.mask(&text);
        let (start, end) = ((8 * before.len()).div_ceil(6), 8 * (before.len() + 8) / 6);
        let rest =
            masked.strip_prefix(&format!("{}***", &text[..start])).expect("its letters stay");
        assert!(rest == &text[end..] || rest == &text[end + 1..], "{masked}");
    }
}

#[test]
fn ten_thousand_values_that_begin_alike_are_learned_one_by_one() {
    let masker = Masker::new();
    let mut writer = masker.writer(Vec::new());
    for number in 0..10_000 {
        let value = format!("SeNtInEl-{number:05}");
        masker.add(&SecretValue::from(&*value));
        if number % 100 == 0 {
            writeln!(writer, "{value}").unwrap();
        }
    }
    assert_eq!(writer.finish().unwrap(), "***\n".repeat(100).into_bytes());
    assert_eq!(format!("{masker:?}"), "Masker { values: 10000 }");
}

#[test]
fn a_value_of_64_kib_is_found_and_its_lines_too() {
    let line = |number: usize| format!("SeNtInEl line {number:04} {}\n", "x".repeat(44));
    let value: String = (0..1000).map(line).collect();
    let masker = masker(&[value.as_bytes()]);
    assert_eq!(masker.mask(&format!("a{value}b")), "a***b");
    assert_eq!(masker.mask(&format!("{}{}", line(7), line(8))), "***\n***\n");
    let pieces: Vec<_> = value.as_bytes().chunks(1000).collect();
    assert_eq!(written(&masker, &pieces), b"***");
    // One byte is repeated: no place of it takes longer than another.
    let same = super::tests::masker(&["x".repeat(65536).as_bytes()]);
    let text = "x".repeat(200_000);
    let pieces: Vec<_> = text.as_bytes().chunks(4096).collect();
    assert_eq!(written(&same, &pieces), b"***");
    assert_eq!(same.mask(&text[..65535]), &text[..65535]);
}

/// A writer, and what has arrived behind it.
fn shared_writer(masker: &Masker) -> (super::MaskingWriter<Sink>, Sink) {
    let sink = Sink::default();
    (masker.writer(sink.clone()), sink)
}

#[derive(Clone, Default)]
struct Sink(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Takes a few bytes, then fails, until it is told that there is room.
struct Full {
    room: usize,
    taken: Vec<u8>,
    kind: std::io::ErrorKind,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = bytes.len().min(self.room);
        self.room -= count;
        self.taken.extend_from_slice(&bytes[..count]);
        if count == 0 { Err(self.kind.into()) } else { Ok(count) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_error_of_the_inner_writer_is_returned_and_nothing_is_written_twice() {
    use std::io::ErrorKind::{BrokenPipe, WouldBlock};
    let masker = masker(&[b"SeNtInEl"]);
    let mut full = Full { room: 4, taken: Vec::new(), kind: BrokenPipe };
    let mut writer = masker.writer(&mut full);
    assert_eq!(writer.write(b"a SeNtInEl b").unwrap_err().kind(), BrokenPipe);
    assert_eq!(writer.finish().err().map(|error| error.kind()), Some(BrokenPipe));
    assert_eq!(full.taken, b"a **");

    let mut full = Full { room: 4, taken: Vec::new(), kind: WouldBlock };
    let mut writer = masker.writer(&mut full);
    assert_eq!(writer.write(b"a SeNtInEl b").unwrap(), 12, "the bytes are taken");
    assert_eq!(writer.write(b"!").unwrap_err().kind(), WouldBlock);
    assert_eq!(writer.flush().unwrap_err().kind(), WouldBlock);
    drop(writer);
    assert_eq!(full.taken, b"a **");
}
