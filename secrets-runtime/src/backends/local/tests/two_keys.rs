//! A store that meets another key than its own.

use std::{fs, ops::ControlFlow};

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::{
    backend::{Backend, change::SecretChange, payload::Payload, store::Store},
    backends::local::{
        Local,
        tests::{
            home::{Home, get, put, refused, run},
            rights::create,
        },
    },
    core::error::{ErrorKind, Problem},
};

/// A key of its own `k`, and with this `kid`.
fn jwk(byte: u8, kid: Option<&str>) -> String {
    let k = Base64UrlUnpadded::encode_string(&[byte; 32]);
    let kid = kid.map(|kid| format!(r#""kid":"{kid}","#)).unwrap_or_default();
    format!(r#"{{"kty":"oct","alg":"A256GCM",{kid}"k":"{k}"}}"#)
}

/// A store with two secrets of the key `first`, and the same folder with the key `second`.
fn home_with(first: &str, second: &str) -> (Home, Local, Local) {
    let home = Home::in_memory();
    fs::create_dir(home.path().join("config")).expect("a folder");
    create(&home.key_file(), 0o600, first);
    let other = home.path().join("config/other.jwk");
    create(&other, 0o600, second);
    for name in ["a", "b"] {
        put(&home.store(), name, "SeNtInEl").expect("it is written");
    }
    let (own, foreign) = (home.store(), Local::new(home.dir(), other));
    (home, own, foreign)
}

fn content(home: &Home) -> Vec<(String, Vec<u8>)> {
    let read = |name: String| (name.clone(), fs::read(home.dir().join(name)).expect("the file"));
    home.files().into_iter().map(read).collect()
}

#[test]
fn another_key_writes_nothing_into_a_store() {
    let payload = || Payload::Text("SeNtInEl".into());
    let id = |name: &str| name.to_owned();
    for (first, second) in [
        (Some("one"), Some("two")),
        (Some("one"), Some("one")),
        (None, None),
        (None, Some("two")),
        (Some("one"), None),
    ] {
        let (home, own, foreign) = home_with(&jwk(1, first), &jwk(2, second));
        let before = content(&home);
        let version = run(own.version("a")).expect("it is read").expect("there is one");
        let errors = [
            put(&foreign, "new", "SeNtInEl").err(),
            put(&foreign, "a", "SeNtInEl").err(),
            run(foreign.create("new", payload())).err(),
            run(foreign.update(vec![SecretChange::Replace {
                id: id("a"),
                version,
                payload: payload(),
            }]))
            .err(),
            run(foreign.update(vec![SecretChange::Rename { id: id("a"), new_id: id("new") }]))
                .err(),
        ];
        for error in errors {
            let error = error.expect("it is refused");
            assert_eq!(error.kind(), ErrorKind::DecryptionFailed, "{error}");
            let text = error.to_string();
            assert!(text.contains("key") && !text.contains("SeNtInEl"), "{text}");
            if let (Some(first), Some(second)) = (first, second)
                && first != second
            {
                assert!(text.contains("`one`") && text.contains("`two`"), "{text}");
            }
        }
        assert!(content(&home) == before, "the store was changed");
        // Another copy of the key, or one that names itself in another way, is the key.
        let copy = home.path().join("config/copy.jwk");
        create(&copy, 0o600, &jwk(1, Some("renamed")));
        let same = Local::new(home.dir(), copy);
        put(&same, "new", "SeNtInEl").expect("it is written");
        put(&same, "a", "SeNtInEl").expect("it is written");
        for name in ["a", "b", "new"] {
            assert_eq!(get(&own, name).expect("it is read"), "SeNtInEl");
        }
    }
}

#[test]
fn a_store_that_is_empty_takes_any_key_and_a_damaged_file_says_nothing_of_its_key() {
    let (home, own, foreign) = home_with(&jwk(1, Some("one")), &jwk(2, Some("two")));
    fs::write(home.current("a"), "cut").expect("it is damaged");
    put(&own, "c", "SeNtInEl").expect("it is written");
    refused(put(&foreign, "d", "SeNtInEl"), ErrorKind::DecryptionFailed, &home.dir());
    for name in ["b", "c"] {
        assert_eq!(run(foreign.delete(name)).ok(), Some(true));
    }
    put(&foreign, "d", "SeNtInEl").expect("nothing is left that only the other key opens");
    assert_eq!(get(&foreign, "d").expect("it is read"), "SeNtInEl");
}

#[test]
fn files_of_the_first_format_name_no_key_and_are_read_and_written_over() {
    // As a version before wrote it.
    let (home, own, foreign) = home_with(&jwk(1, None), &jwk(2, None));
    let text = fs::read_to_string(home.current("a")).expect("the file");
    let header = Base64UrlUnpadded::decode_vec(text.split('.').next().expect("a part"));
    assert!(!String::from_utf8(header.expect("base64url")).expect("text").contains("kid"));
    fs::write(home.key_file(), jwk(1, Some("one"))).expect("the key gets a name");
    assert_eq!(get(&own, "a").expect("it is read"), "SeNtInEl");
    refused(put(&foreign, "new", "SeNtInEl"), ErrorKind::DecryptionFailed, &home.dir());
    put(&own, "a", "SeNtInEl").expect("it is written");
    put(&own, "new", "SeNtInEl").expect("it is written");
    assert_eq!(run(own.list()).expect("the list"), ["a", "b", "new"]);
}

#[test]
fn a_file_of_another_key_is_listed_and_its_error_names_both_keys() {
    let (home, own, _) = home_with(&jwk(1, Some("one")), &jwk(1, Some("one")));
    let (other, ..) = home_with(&jwk(2, Some("two")), &jwk(2, Some("two")));
    put(&other.store(), "theirs", "SeNtInEl").expect("it is written");
    fs::copy(other.current("theirs"), home.current("theirs")).expect("it is copied");
    let mut names = Vec::new();
    let mut each = |name| {
        names.push(name);
        ControlFlow::Continue(())
    };
    let error = run(own.list_each(&mut each)).expect_err("one file is of another key");
    assert_eq!(names, ["a", "b", "theirs"]);
    assert_eq!(error.problems().len(), 1);
    refused(run(own.list()), ErrorKind::DecryptionFailed, &home.current("theirs"));
    // A key that opens nothing is that of another store: the names are all there is to say.
    let other = Local::new(home.dir(), home.path().join("config/third.jwk"));
    create(other.key_file(), 0o600, &jwk(3, Some("three")));
    assert_eq!(run(other.list()).expect("the list"), ["a", "b", "theirs"]);
    let error = refused(get(&own, "theirs"), ErrorKind::DecryptionFailed, &home.current("theirs"));
    assert!(error.to_string().contains("with the key `two`, and the key here is `one`"), "{error}");
}

#[test]
fn a_probe_reads_every_secret() {
    let (home, own, foreign) = home_with(&jwk(1, Some("one")), &jwk(2, Some("two")));
    let messages = |store: &Local| {
        let probe = store.probe_blocking();
        let problems = probe.error().into_iter().flat_map(|error| error.problems());
        let message = |it: &Problem| (it.origin().to_owned(), it.message().to_owned());
        problems.map(message).collect::<Vec<_>>()
    };
    assert_eq!(messages(&own), []);
    // None can be read, and one reason is enough.
    let [(origin, _)] = &messages(&foreign)[..] else { panic!("one reason") };
    assert_eq!(origin, "a");
    // One that is cut is named once, though the list reports it too.
    fs::write(home.current("a"), "x").expect("it is cut");
    let [(_, message)] = &messages(&own)[..] else { panic!("one file") };
    assert!(message.contains(home.current("a").to_str().expect("a path")), "{message}");
}

#[test]
fn a_probe_names_twenty_secrets_that_cannot_be_read() {
    let (home, own, _) = home_with(&jwk(1, Some("one")), &jwk(1, Some("one")));
    let (other, ..) = home_with(&jwk(2, Some("two")), &jwk(2, Some("two")));
    for number in 0..25 {
        let name = format!("theirs{number}");
        put(&other.store(), &name, "SeNtInEl").expect("it is written");
        fs::copy(other.current(&name), home.current(&name)).expect("it is copied");
    }
    let probe = own.probe_blocking();
    let problems = probe.error().expect("25 are of another key").problems();
    assert_eq!(problems.len(), 21);
    assert!(problems[20].message().ends_with("more secrets cannot be read"), "{problems:?}");
}
