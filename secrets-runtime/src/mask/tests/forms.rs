//! The forms in which a value is found.

use proptest::{collection::vec, prelude::*};

use crate::{
    core::secret_value::SecretValue,
    mask::{
        forms,
        tests::{masker, written},
    },
};

proptest! {
    #[test]
    fn every_form_is_found_inside_random_bytes(
        value in vec(any::<u8>(), 4..40),
        before in vec(any::<u8>(), 0..90),
        after in vec(any::<u8>(), 0..90),
        size in 1_usize..80,
    ) {
        prop_assume!(forms::is_maskable(&value));
        let masker = masker(&[&value]);
        let mut all = Vec::new();
        forms::of(&SecretValue::from(value.clone()), &mut |form| all.push(form.to_vec()));
        // No form begins at the end.
        let closing: Vec<u8> = (0x80..=0xff).filter(|it| !value.contains(it)).take(1).collect();
        for form in all {
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

#[test]
fn short_and_common_values_stay() {
    let values = ["abc", " abc\n", "true", " localhost\n", "postgres", "", "\n\n\n\n\n"];
    let masker = masker(&values.map(str::as_bytes));
    let text = "abc YWJj true localhost postgres \n\n\n\n\n";
    assert_eq!(masker.mask(text), text);
    assert_eq!(format!("{masker:?}"), "Masker { values: 0 }");
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
    // JSON that a strict reader refuses.
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
    // URLs in which a strict reader finds a path, a query or a fragment.
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
