//! The key file: created once, private, and never replaced while secrets exist that only the old key opens.

use std::{fs, process::Stdio};

use crate::{
    backend::{Backend, fetch_request::FetchRequest, store::Store},
    backends::local::{
        key::StoreKey,
        key_file::KeyFile,
        tests::home::{Home, get, put, refused, run},
    },
    core::error::ErrorKind,
};
use secrets_spec::Options;

const K: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

#[test]
fn the_key_is_made_by_the_first_write_and_kept_by_the_others() {
    let home = Home::new();
    let store = home.store();
    assert!(
        get(&store, "a").is_err() && run(store.list()).is_ok() && run(store.delete("a")).is_ok()
    );
    assert!(!home.key_file().exists(), "reading made a key");
    put(&store, "a", "SeNtInEl").expect("it is written");
    let jwk = fs::read_to_string(home.key_file()).expect("the key");
    let members: serde_json::Value = serde_json::from_str(&jwk).expect("JSON");
    assert_eq!((&members["kty"], &members["alg"]), (&"oct".into(), &"A256GCM".into()));
    assert_eq!(members["kid"].as_str().map(str::len), Some(36));
    assert_eq!(members["k"].as_str().map(str::len), Some(43));
    assert_eq!(members.as_object().map(serde_json::Map::len), Some(4));
    put(&store, "a", "SeNtInEl").expect("it is written");
    assert!(fs::read_to_string(home.key_file()).is_ok_and(|it| it == jwk), "the key was replaced");
    let beside = fs::read_dir(home.path().join("config")).expect("the folder").count();
    assert_eq!(beside, 1, "something stayed beside the key");
}

#[test]
fn making_the_key_is_said_in_one_line_with_where_it_is() {
    let home = Home::new();
    for written in [true, false] {
        let mut child = home.child("put a");
        let child = child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let output =
            child.spawn().and_then(std::process::Child::wait_with_output).expect("it runs");
        let text = String::from_utf8(output.stderr).expect("text");
        if cfg!(feature = "tracing") {
            continue;
        }
        assert_eq!(text.lines().count(), usize::from(written), "{text}");
        assert_eq!(text.contains(&home.key_file().display().to_string()), written, "{text}");
        assert_eq!(
            text.contains("without it the secrets in the store are lost"),
            written,
            "{text}"
        );
    }
}

#[test]
fn two_keys_are_never_the_same() {
    let key = || StoreKey::new_jwk().expect("a key").to_string();
    assert!(key() != key());
}

#[test]
fn what_is_no_key_for_the_store_is_refused() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    let good = format!(r#"{{"kty":"oct","alg":"A256GCM","kid":"x","k":"{K}"}}"#);
    let long = format!("{K}A");
    for (from, to) in [
        (good.as_str(), ""),
        (&good, "null"),
        (&good, "[]"),
        (&good, K),
        ("}", ""),
        ("}", "}}"),
        (r#""oct""#, r#""EC""#),
        (r#""oct""#, "1"),
        (r#""kty":"oct","#, ""),
        (r#""A256GCM""#, r#""A128GCM""#),
        (r#""A256GCM""#, r#""dir""#),
        (r#""alg":"A256GCM","#, ""),
        (r#","k":"#, r#","kk":"#),
        (K, ""),
        (K, &K[..42]),
        (K, &K[..22]),
        (K, &long),
        (&K[42..], "9"),
        (&K[..1], "+"),
        (r#""kid":"x""#, r#""k":"AAAA""#),
        (r#""kid":"x""#, r#""kid":"\/""#),
        (&K[..1], r"\u0041"),
        (r#""kid":"x""#, r#""alg":"A256GCM""#),
    ] {
        let broken = match from {
            // The last character, which holds two bits that must be zero.
            from if from == &K[42..] => {
                good.replace(&format!("{K}\""), &format!("{}{to}\"", &K[..42]))
            }
            from if from == &K[..1] => good.replace(K, &format!("{to}{}", &K[1..])),
            from => good.replacen(from, to, 1),
        };
        assert_ne!(broken, good);
        fs::write(home.key_file(), &broken).expect("it is written");
        let error = refused(get(&store, "a"), ErrorKind::InvalidConfig, &home.key_file());
        assert!(!error.to_string().contains(&K[1..20]), "an error shows the key");
        refused(put(&store, "b", "SeNtInEl"), ErrorKind::InvalidConfig, &home.key_file());
    }
    let escaped = good.replacen("kid", r"\u006bid", 1);
    fs::write(home.key_file(), escaped).expect("it is written");
    let error = refused(get(&store, "a"), ErrorKind::InvalidConfig, &home.key_file());
    assert!(error.to_string().contains("has an escape"), "{error}");
    fs::write(home.key_file(), "{".repeat(100_000)).expect("it is written");
    refused(get(&store, "a"), ErrorKind::InvalidConfig, &home.key_file());
    // A key of a JOSE tool, which is another one.
    let jose =
        format!(r#"{{"alg":"A256GCM","k":"{K}","key_ops":["encrypt","decrypt"],"kty":"oct"}}"#);
    fs::write(home.key_file(), jose).expect("it is written");
    refused(get(&store, "a"), ErrorKind::DecryptionFailed, &home.current("a"));
    refused(put(&store, "a", "SeNtInEl"), ErrorKind::DecryptionFailed, &home.current("a"));
}

#[test]
fn a_lost_key_is_said_and_not_replaced() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl").expect("it is written");
    let kept = home.path().join("copy");
    fs::rename(home.key_file(), &kept).expect("it is lost");
    let error = refused(get(&store, "a"), ErrorKind::InvalidConfig, &home.key_file());
    assert!(error.to_string().contains("put back the copy"), "{error}");
    refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &home.key_file());
    refused(put(&store, "b", "SeNtInEl"), ErrorKind::InvalidConfig, &home.key_file());
    assert!(!home.key_file().exists(), "a new key hides that the old one is lost");
    // What needs no key goes on.
    refused(get(&store, "b"), ErrorKind::NotFound, &home.dir());
    let options = Options::default();
    let requests = ["a", "b"].map(|name| FetchRequest::new(name, &options));
    let exist: Vec<_> = run(store.exists(&requests)).into_iter().map(Result::ok).collect();
    assert_eq!(exist, [Some(true), Some(false)]);
    fs::rename(kept, home.key_file()).expect("it is put back");
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl");
}

#[test]
fn a_draft_that_a_killed_maker_left_is_used_up() {
    let home = Home::new();
    let store = home.store();
    fs::create_dir(home.path().join("config")).expect("a folder");
    let draft = home.path().join("config/.key.jwk.draft");
    crate::backends::local::tests::rights::create(&draft, 0o600, &"x".repeat(10_000));
    put(&store, "a", "SeNtInEl").expect("it is written");
    assert!(!draft.exists());
    // Killed after the key was linked and before the draft was removed.
    fs::hard_link(home.key_file(), &draft).expect("it is linked");
    put(&store, "a", "SeNtInEl").expect("it is written");
    assert!(!draft.exists());
}

#[test]
fn a_draft_that_is_another_file_too_is_not_written_over() {
    let home = Home::new();
    let store = home.store();
    fs::create_dir(home.path().join("config")).expect("a folder");
    let draft = home.path().join("config/.key.jwk.draft");
    let precious = home.path().join("precious");
    crate::backends::local::tests::rights::create(&precious, 0o600, "SeNtInEl");
    fs::hard_link(&precious, &draft).expect("it is linked");
    let error = refused(put(&store, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &draft);
    assert!(error.problems()[0].help().is_some_and(|help| help.contains("remove this name")));
    assert!(fs::read_to_string(&precious).is_ok_and(|it| it == "SeNtInEl"), "it is written over");
    assert!(!home.key_file().exists());
    fs::remove_file(&draft).expect("it is removed");
    put(&store, "a", "SeNtInEl").expect("it is written");
}

#[test]
fn threads_that_make_the_key_at_once_agree() {
    for _ in 0..20 {
        let home = Home::in_memory();
        // Stores of their own, so that their locks do not keep them apart.
        let stores: Vec<_> = (0..4)
            .map(|number| {
                crate::backends::local::Local::new(
                    home.path().join(number.to_string()),
                    home.key_file(),
                )
            })
            .collect();
        std::thread::scope(|scope| {
            for store in &stores {
                scope.spawn(|| put(store, "a", "SeNtInEl").expect("it is written"));
            }
        });
        for store in &stores {
            assert_eq!(get(store, "a").expect("it is read"), "SeNtInEl");
        }
        assert_eq!(fs::read_dir(home.path().join("config")).expect("the folder").count(), 1);
    }
}

#[test]
fn the_key_may_be_a_link_but_not_one_that_leads_nowhere() {
    let home = Home::new();
    let store = home.store();
    let target = home.path().join("mounted");
    crate::backends::local::tests::rights::create(
        &target,
        0o400,
        &format!(r#"{{"kty":"oct","alg":"A256GCM","k":"{K}"}}"#),
    );
    fs::create_dir(home.path().join("config")).expect("a folder");
    std::os::unix::fs::symlink(&target, home.key_file()).expect("a link");
    put(&store, "a", "SeNtInEl").expect("it is written");
    assert_eq!(get(&store, "a").expect("it is read"), "SeNtInEl");
    fs::remove_file(&target).expect("it is removed");
    refused(get(&store, "a"), ErrorKind::InvalidConfig, &home.key_file());
    let empty = crate::backends::local::Local::new(home.path().join("other"), home.key_file());
    refused(put(&empty, "a", "SeNtInEl"), ErrorKind::InvalidConfig, &home.key_file());
}

#[test]
fn a_key_file_in_the_working_folder_has_a_folder() {
    // Only the draft's name is looked at: a test does not write there.
    assert_eq!(KeyFile::new("key.jwk".into()).path().parent(), Some(std::path::Path::new("")));
}
