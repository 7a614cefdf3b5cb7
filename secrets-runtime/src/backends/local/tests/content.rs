//! What is put is what is read: kinds, versions, names, requests.

use crate::{
    backend::{Backend, fetch_request::FetchRequest, payload::Payload, store::Store},
    backends::local::tests::home::{
        Home, Kind, fetch, get, get_previous, get_with, put, refused, run, version,
    },
    core::{error::ErrorKind, secret_value::SecretValue},
};
use secrets_spec::Options;

#[test]
fn each_kind_and_length_reads_as_it_was_written() {
    let home = Home::new();
    let store = home.store();
    let json = format!(r#" {{"password": "SeNtInEl{}"}}"#, "j".repeat(65_536 - 26));
    let cases = [
        (Payload::Json(json.into()), Kind::Json),
        (Payload::Json("{}".into()), Kind::Json),
        (Payload::Text("".into()), Kind::Text),
        (Payload::Text("SeNtInEl \u{0}\n\u{10FFFF}\r\n".into()), Kind::Text),
        (Payload::Text("t".repeat(65_536).into()), Kind::Text),
        (Payload::Binary(vec![0xFF; 65_536].into()), Kind::Binary),
        (Payload::Binary("SeNtInEl".into()), Kind::Binary),
        (Payload::Binary(Vec::new().into()), Kind::Binary),
    ];
    for (payload, kind) in cases {
        run(store.put("a", payload.clone())).expect("it is written");
        let options = Options::default();
        let (read_as, value) = fetch(&store, FetchRequest::new("a", &options)).expect("it is read");
        assert_eq!(read_as, kind);
        assert!(value.ct_eq(payload.value()), "a {kind:?} reads as something else");
    }
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let home = Home::new();
    let store = home.store();
    let not_utf8 = || SecretValue::from(vec![b'{', 0xFF, b'}']);
    let cases = [
        (Payload::Text("x".repeat(65_537).into()), ErrorKind::InvalidValue),
        (Payload::Binary(vec![0; 65_537].into()), ErrorKind::InvalidValue),
        (Payload::Text(not_utf8()), ErrorKind::Undecodable),
        (Payload::Json(not_utf8()), ErrorKind::Undecodable),
        (Payload::Json(r#"["SeNtInEl"]"#.into()), ErrorKind::Undecodable),
        (Payload::Json(r#"{"a": SeNtInEl}"#.into()), ErrorKind::Undecodable),
        (Payload::Json(r#"{"a": 1} SeNtInEl"#.into()), ErrorKind::Undecodable),
        (Payload::Json("".into()), ErrorKind::Undecodable),
    ];
    for (payload, kind) in cases {
        let error = run(store.put("a", payload)).expect_err("it is refused");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!error.to_string().contains("SeNtInEl"), "an error shows a value");
    }
    assert!(!home.path().join("data").exists() && !home.path().join("config").exists());
}

#[test]
fn the_previous_version_is_kept_and_reached_by_stage_and_by_id() {
    let home = Home::new();
    let store = home.store();
    let versions: Vec<_> = (0..3)
        .map(|number| put(&store, "a", &format!("SeNtInEl-{number}")).expect("it is written"))
        .collect();
    let [oldest, previous, current] = &versions[..] else { panic!("three versions") };
    assert_eq!(
        run(store.versions("a")).expect("the versions"),
        [current.clone(), previous.clone()]
    );
    assert_eq!(home.files().len(), 2);
    for (id, stage, expected) in [
        (None, None, "SeNtInEl-2"),
        (None, Some("AWSCURRENT"), "SeNtInEl-2"),
        (None, Some("AWSPREVIOUS"), "SeNtInEl-1"),
        (Some(current), None, "SeNtInEl-2"),
        (Some(previous), None, "SeNtInEl-1"),
        (Some(previous), Some("AWSPREVIOUS"), "SeNtInEl-1"),
    ] {
        let options = version(id.map(String::as_str), stage);
        let fetched = run(store.fetch(&[FetchRequest::new("a", &options)])).remove(0).expect("it");
        assert_eq!(get_with(&store, "a", &options).expect("it is read"), expected);
        let given = if expected.ends_with('2') { current } else { previous };
        assert_eq!(fetched.version.as_ref(), Some(given));
        assert_eq!(fetched.name.as_deref(), Some("a"));
    }
    for (id, stage) in [
        (Some(oldest), None),
        (Some(current), Some("AWSPREVIOUS")),
        (None, Some("AWSPENDING")),
        (Some(current), Some("v2")),
    ] {
        let options = version(id.map(String::as_str), stage);
        let error = refused(get_with(&store, "a", &options), ErrorKind::NotFound, &home.dir());
        let help = error.problems()[0].help().expect("a help line");
        assert!(
            help.contains(&format!("AWSCURRENT ({current}) and AWSPREVIOUS ({previous})")),
            "{help}"
        );
        let exists = run(store.exists(&[FetchRequest::new("a", &options)])).remove(0);
        assert_eq!(exists.ok(), Some(false));
    }
}

#[test]
fn a_version_is_a_uuid_as_group_versions_tell_ids_from_stages() {
    let home = Home::new();
    let store = home.store();
    let version = put(&store, "a", "SeNtInEl").expect("it is written");
    let options = Options::default();
    let request = FetchRequest::new("", &options).with_key("a");
    assert_eq!(request.with_group_version(Some(&version)).version_id(), Some(&*version));
    assert!(fetch(&store, request.with_group_version(Some(&version))).is_ok());
    assert!(fetch(&store, request.with_group_version(Some("AWSCURRENT"))).is_ok());
}

#[test]
fn a_deleted_secret_is_gone_with_its_previous_version() {
    let home = Home::new();
    let store = home.store();
    assert_eq!(run(store.delete("a")).ok(), Some(false));
    assert!(!home.dir().exists(), "a deletion made the store");
    put(&store, "a", "SeNtInEl-0").expect("it is written");
    put(&store, "a", "SeNtInEl-1").expect("it is written");
    assert_eq!(run(store.delete("a")).ok(), Some(true));
    assert_eq!(run(store.delete("a")).ok(), Some(false));
    assert!(home.files().is_empty());
    refused(get(&store, "a"), ErrorKind::NotFound, &home.dir());
    refused(run(store.versions("a")), ErrorKind::NotFound, &home.dir());
    // Nor does it come back as the previous version of a new secret of its name.
    put(&store, "a", "SeNtInEl-2").expect("it is written");
    refused(get_previous(&store, "a"), ErrorKind::NotFound, &home.dir());
}

#[test]
fn a_half_deleted_secret_leaves_no_previous_version_to_its_successor() {
    let home = Home::new();
    let store = home.store();
    put(&store, "a", "SeNtInEl-0").expect("it is written");
    put(&store, "a", "SeNtInEl-1").expect("it is written");
    std::fs::remove_file(home.current("a")).expect("it is removed");
    refused(get(&store, "a"), ErrorKind::NotFound, &home.dir());
    put(&store, "a", "SeNtInEl-2").expect("it is written");
    refused(get_previous(&store, "a"), ErrorKind::NotFound, &home.dir());
}

#[test]
fn the_list_is_sorted_and_needs_no_key() {
    let home = Home::new();
    let store = home.store();
    assert!(run(store.list()).expect("an empty list").is_empty());
    let mut names = vec!["b", "B", "a/b", "..", "ä \"quoted\" \\ 名", ".", "-", "a.previous"];
    for name in &names {
        put(&store, name, &format!("SeNtInEl of {name}")).expect("it is written");
        put(&store, name, &format!("SeNtInEl of {name}")).expect("it is written again");
    }
    std::fs::remove_file(home.key_file()).expect("the key is removed");
    names.sort_unstable();
    assert_eq!(run(store.list()).expect("the list"), names);
}

#[test]
fn hostile_names_are_refused_and_odd_ones_kept_apart() {
    let home = Home::new();
    let store = home.store();
    let long = "n".repeat(513);
    for name in ["", "a\0b", "a\nb", "a\u{7F}", "a\u{85}", long.as_str()] {
        let options = Options::default();
        for error in [
            put(&store, name, "SeNtInEl").expect_err("it is refused"),
            run(store.fetch(&[FetchRequest::new(name, &options)])).remove(0).expect_err("refused"),
            run(store.delete(name)).expect_err("it is refused"),
            run(store.versions(name)).expect_err("it is refused"),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidSource, "{error}");
            assert!(error.problems()[0].help().is_some());
        }
    }
    // Hardest for JSON and base64 alike: each byte of the name is escaped.
    let quotes = "\"".repeat(512);
    let names = ["../../etc/passwd", "/etc/passwd", "A", "a", "a ", "..", &long[..512], &quotes];
    for name in names {
        put(&store, name, &format!("SeNtInEl of {name}")).expect("it is written");
    }
    for name in names {
        assert_eq!(get(&store, name).expect("it is read"), format!("SeNtInEl of {name}"));
    }
    assert_eq!(home.files().len(), names.len());
    assert_eq!(run(store.list()).expect("the list").len(), names.len());
}

#[test]
fn a_request_is_a_group_and_a_key_or_the_key_of_a_plain_secret() {
    let home = Home::new();
    let store = home.store();
    let json = r#"{"password": "SeNtInEl"}"#;
    run(store.put("db", Payload::Json(json.into()))).expect("it is written");
    run(store.put("bytes", Payload::Binary(vec![0xFF].into()))).expect("it is written");
    put(&store, "token", "SeNtInEl").expect("it is written");
    let options = Options::default();
    let ask = |group, key| fetch(&store, FetchRequest::new(group, &options).with_key(key));
    let kind = |group, key| ask(group, key).map(|(kind, _)| kind).map_err(|error| error.kind());
    // The resolver narrows it to the key.
    assert_eq!(kind("db", "password"), Ok(Kind::Json));
    // Its name alone, as group or as key, and the whole value; but a plain value has no fields.
    assert_eq!(kind("db", ""), Ok(Kind::Json));
    assert_eq!(kind("token", ""), Ok(Kind::Text));
    assert_eq!(kind("bytes", ""), Ok(Kind::Binary));
    for group in ["token", "bytes"] {
        assert_eq!(kind(group, "password"), Err(ErrorKind::KeyNotFound));
        let error = refused(ask(group, "password"), ErrorKind::KeyNotFound, &home.dir());
        let help = error.problems()[0].help().expect("a help line");
        assert!(help.contains("with its name as the key and no group"), "{help}");
    }
    let (read_as, value) = ask("", "db").expect("it is read");
    assert_eq!((read_as, value.expose_str().ok()), (Kind::Text, Some(json)));
    assert_eq!(kind("", "token"), Ok(Kind::Text));
    assert_eq!(kind("", "bytes"), Ok(Kind::Binary));
    assert_eq!(kind("", "password"), Err(ErrorKind::NotFound));
}

#[test]
fn many_are_answered_at_once_in_order_each_with_its_own_error() {
    let home = Home::new();
    let store = home.store();
    for name in ["a", "b"] {
        put(&store, name, &format!("SeNtInEl of {name}")).expect("it is written");
    }
    std::fs::write(home.current("b"), "cut").expect("it is damaged");
    let options = Options::default();
    let requests = ["a", "missing", "b", "a"].map(|name| FetchRequest::new(name, &options));
    let fetched = run(store.fetch(&requests));
    let exist = run(store.exists(&requests));
    let (missing, damaged) = (Some(ErrorKind::NotFound), Some(ErrorKind::InvalidConfig));
    let fetched: Vec<_> = fetched.into_iter().map(|it| it.err().map(|e| e.kind())).collect();
    assert_eq!(fetched, [None, missing, damaged, None]);
    let found: Vec<_> = exist.into_iter().map(|it| it.map_err(|error| error.kind())).collect();
    assert_eq!(found, [Ok(true), Ok(false), Err(ErrorKind::InvalidConfig), Ok(true)]);
}

#[test]
fn it_says_where_it_is_and_touches_nothing_before_its_first_use() {
    let home = Home::new();
    let store = home.store();
    assert_eq!(store.to_string(), format!("the local store in {}", home.dir().display()));
    assert_eq!(store.kind(), "local");
    assert!(store.as_store().is_some());
    refused(get(&store, "a"), ErrorKind::NotFound, &home.dir());
    assert_eq!(std::fs::read_dir(home.path()).expect("the folder").count(), 0);
}
