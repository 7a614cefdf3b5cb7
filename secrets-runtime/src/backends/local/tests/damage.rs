//! Files that were cut, altered or exchanged: an error that names the file, never a wrong value.

use std::{fs, ops::ControlFlow};

use crate::{
    backend::{Backend, fetch_request::FetchRequest, store::Store},
    backends::local::{
        Local,
        jwe::Jwe,
        tests::home::{Home, get, get_previous, put, refused, run},
    },
    core::error::{Error, ErrorKind},
};

/// What a damaged file may be: it does not authenticate, or is not even five parts.
fn is_refused(home: &Home, store: &Local, what: &str) -> Error {
    let path = home.current("a");
    let error = get(store, "a").expect_err(what);
    let kinds = [ErrorKind::DecryptionFailed, ErrorKind::InvalidConfig];
    assert!(kinds.contains(&error.kind()), "{what}: {error}");
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{what}: {text}");
    assert!(!text.contains("SeNtInEl"), "{what}: the error shows a value");
    error
}

#[test]
fn a_file_cut_at_any_length_is_refused() {
    let home = Home::in_memory();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    let whole = fs::read(home.current("a")).expect("the file");
    for length in 0..whole.len() {
        fs::write(home.current("a"), &whole[..length]).expect("it is cut");
        let error = is_refused(&home, &store, &format!("cut to {length}"));
        let parts = whole[..length].iter().filter(|byte| **byte == b'.').count() + 1;
        assert_eq!(error.kind() == ErrorKind::InvalidConfig, parts < 5, "{length}: {error}");
    }
    fs::write(home.current("a"), &whole).expect("it is put back");
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl");
}

#[test]
fn a_file_altered_at_any_byte_is_refused() {
    let home = Home::in_memory();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    let whole = fs::read(home.current("a")).expect("the file");
    for at in 0..whole.len() {
        let old = whole[at];
        for new in [b'A', b'B', b'_', b'.', b'=', b'\n', 0, 0xFF, old ^ 1, old ^ 0x20] {
            if new == old {
                continue;
            }
            let mut altered = whole.clone();
            altered[at] = new;
            fs::write(home.current("a"), &altered).expect("it is altered");
            is_refused(&home, &store, &format!("byte {at} is {new}"));
        }
    }
}

#[test]
fn a_file_with_more_or_less_in_any_place_is_refused() {
    let home = Home::in_memory();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    let whole = fs::read(home.current("a")).expect("the file");
    for at in 0..=whole.len() {
        for inserted in ["A", ".", "\n", "AAAA"] {
            let altered = [&whole[..at], inserted.as_bytes(), &whole[at..]].concat();
            fs::write(home.current("a"), altered).expect("it is altered");
            is_refused(&home, &store, &format!("{inserted:?} at {at}"));
        }
        if at < whole.len() {
            fs::write(home.current("a"), [&whole[..at], &whole[at + 1..]].concat())
                .expect("altered");
            is_refused(&home, &store, &format!("without byte {at}"));
        }
    }
    fs::write(home.current("a"), "A".repeat(1 << 20)).expect("it is altered");
    is_refused(&home, &store, "a mebibyte");
}

#[test]
fn a_part_of_another_file_of_the_same_store_does_not_fit() {
    let home = Home::in_memory();
    let store = home.store();
    put(&store, "b", "SeNtInEl").expect("it is written");
    put(&store, "a", "SeNtInEl").expect("it is written");
    put(&store, "a", "SeNtInEl").expect("it is written");
    let read = |path| fs::read_to_string(path).expect("the file");
    let whole = read(home.current("a"));
    for other in [read(home.current("b")), read(home.previous("a"))] {
        for part in [0, 2, 3, 4] {
            let mut parts: Vec<_> = whole.split('.').collect();
            parts[part] = other.split('.').nth(part).expect("five parts");
            fs::write(home.current("a"), parts.join(".")).expect("it is altered");
            let error = is_refused(&home, &store, &format!("part {part} of another"));
            assert_eq!(error.kind(), ErrorKind::DecryptionFailed);
        }
    }
}

#[test]
fn a_file_that_is_exchanged_with_another_secrets_is_refused() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl-a").expect("it is written");
    put(&store, "b", "SeNtInEl-b").expect("it is written");
    fs::rename(home.current("b"), home.current("a")).expect("it is exchanged");
    let error = is_refused(&home, &store, "exchanged");
    assert_eq!(error.kind(), ErrorKind::DecryptionFailed);
    assert!(error.to_string().contains("it holds the secret `b`"), "{error}");
    // Neither does it stand in for the previous version.
    put(&store, "c", "SeNtInEl-c").expect("it is written");
    fs::copy(home.current("c"), home.dir().join(home.previous("c"))).expect("it is copied");
    put(&store, "d", "SeNtInEl-d").expect("it is written");
    fs::rename(home.current("d"), home.previous("c")).expect("it is exchanged");
    refused(get_previous(&store, "c"), ErrorKind::DecryptionFailed, &home.previous("c"));
    assert_eq!(get(&store, "c").expect("the current one is untouched"), "SeNtInEl-c");
}

#[test]
fn what_does_not_open_is_not_written_over_but_can_be_deleted() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl-0").expect("it is written");
    put(&store, "a", "SeNtInEl-1").expect("it is written");
    let damaged = fs::read(home.current("a")).expect("the file");
    fs::write(home.current("a"), &damaged[..damaged.len() - 1]).expect("it is cut");
    let error =
        refused(put(&store, "a", "SeNtInEl-2"), ErrorKind::DecryptionFailed, &home.current("a"));
    assert!(error.to_string().contains("delete the secret"), "{error}");
    assert_eq!(get_previous(&store, "a").expect("it is kept"), "SeNtInEl-0");
    assert_eq!(run(store.delete("a")).ok(), Some(true));
    put(&store, "a", "SeNtInEl-3").expect("it is written");
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl-3");
}

#[test]
fn a_version_that_was_changed_in_the_header_is_refused() {
    let home = Home::new();
    let store = home.store();
    let version = put(&store, "a", "SeNtInEl").expect("it is written");
    let whole = fs::read_to_string(home.current("a")).expect("the file");
    let header = Jwe::parse(whole.as_bytes()).expect("a file").header().to_json();
    let other = "00000000-0000-4000-8000-000000000000";
    let protected = {
        use base64ct::{Base64UrlUnpadded, Encoding};
        Base64UrlUnpadded::encode_string(header.replace(&version, other).as_bytes())
    };
    let rest = whole.split_once('.').expect("five parts").1;
    fs::write(home.current("a"), format!("{protected}.{rest}")).expect("it is altered");
    let options = crate::backends::local::tests::home::version(Some(other), None);
    let answer = run(store.fetch(&[FetchRequest::new("a", &options)])).remove(0);
    refused(answer, ErrorKind::DecryptionFailed, &home.current("a"));
}

#[test]
fn damaged_files_do_not_hide_the_others_in_the_list() {
    let home = Home::new();
    let store = home.store();
    for name in ["a", "b", "c", "d"] {
        put(&store, name, "SeNtInEl").expect("it is written");
    }
    fs::write(home.current("a"), "cut").expect("it is damaged");
    fs::rename(home.current("b"), home.dir().join("other.jwe")).expect("it is renamed");
    fs::write(home.dir().join("notes.txt"), "not ours").expect("a file beside");
    fs::write(home.dir().join("empty.jwe"), "").expect("an empty file");
    let mut altered = fs::read(home.current("d")).expect("the file");
    let nonce = altered.windows(2).position(|two| two == b"..").expect("five parts") + 2;
    altered[nonce] = if altered[nonce] == b'A' { b'B' } else { b'A' };
    fs::write(home.current("d"), altered).expect("it is altered");
    let mut names = Vec::new();
    let mut each = |name| {
        names.push(name);
        ControlFlow::Continue(())
    };
    let error = run(store.list_each(&mut each)).expect_err("four files are damaged");
    assert_eq!(names, ["c"]);
    assert_eq!(error.problems().len(), 4, "{error}");
    for path in [home.current("a"), "other.jwe".into(), "empty.jwe".into(), home.current("d")] {
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    assert_eq!(run(store.list()).expect_err("four files are damaged").problems().len(), 4);
    // Without the key nothing is authenticated, and the names are known.
    fs::remove_file(home.key_file()).expect("it is lost");
    let mut names = Vec::new();
    let mut each = |name| {
        names.push(name);
        ControlFlow::Continue(())
    };
    assert!(run(store.list_each(&mut each)).is_err());
    assert_eq!(names, ["c", "d"]);
}

#[test]
fn of_many_damaged_files_twenty_are_named() {
    let home = Home::in_memory();
    put(&home.store(), "a", "SeNtInEl").expect("it is written");
    for number in 0..30 {
        fs::write(home.dir().join(format!("{number}.jwe")), "cut").expect("a file");
    }
    let error = run(home.store().list()).expect_err("thirty files are damaged");
    assert_eq!(error.problems().len(), 20);
    put(&home.store(), "b", "SeNtInEl").expect("it is written");
    assert!(error.to_string().contains("10 more files are damaged"), "{error}");
}

/// The one thing a file alone cannot tell, and the documentation says so.
#[test]
fn an_older_file_of_the_same_secret_is_not_detected() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl-0").expect("it is written");
    put(&store, "a", "SeNtInEl-1").expect("it is written");
    fs::copy(home.previous("a"), home.current("a")).expect("it is put back");
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl-0");
}
