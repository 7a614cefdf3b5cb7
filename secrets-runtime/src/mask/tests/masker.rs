//! The masker itself: whole texts, many and long values, and its listener.

use std::io::Write;

use crate::{
    core::secret_value::SecretValue,
    mask::{
        Masker,
        tests::{masker, written},
    },
};

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
fn a_mask_is_the_text_itself_where_nothing_is_found() {
    let masker = masker(&[b"SeNtInEl"]);
    assert!(matches!(masker.mask("nothing"), std::borrow::Cow::Borrowed("nothing")));
    assert!(matches!(masker.mask_bytes(b"nothing"), std::borrow::Cow::Borrowed(b"nothing")));
    assert_eq!(format!("{:?}", masker.clone()), "Masker { values: 1 }");
}

#[test]
fn a_text_with_many_wrapped_finds_is_masked() {
    let line = format!("{}\n", "abcd".repeat(19));
    let masked = masker(&[b"abcd"]).mask(&line.repeat(27_000)).into_owned();
    assert_eq!(masked, "***\n".repeat(27_000));
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
    let same = super::masker(&["x".repeat(65536).as_bytes()]);
    let text = "x".repeat(200_000);
    let pieces: Vec<_> = text.as_bytes().chunks(4096).collect();
    assert_eq!(written(&same, &pieces), b"***");
    assert_eq!(same.mask(&text[..65535]), &text[..65535]);
}
