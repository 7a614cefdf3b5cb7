//! `secrets.lock`: its text, what it lacks, and the tables for const evaluation.

use proptest::{collection::vec, prelude::*};
use secrets_spec::{
    LockFault, LockFolder, LockTables, LockedFields, LockedSource, Request, SecretFieldNames,
    SecretsLock, Source, check_locked_fields, check_locked_fields_of, check_locked_key,
    check_locked_parameter, check_locked_request, check_locked_source, find_lock,
    locked_request_gap,
};

const TEXT: &str = r#"# Names and keys of secrets, never values. Written by `secrets lock`; programs are checked against it when they compile.
version = 1

[secrets]
"api-token" = "text"
"aws-secrets-manager.prod/db" = ["host", "password", "user"]
"certificate" = "binary"
"prod-db" = ["password", "port", "user"]
"#;

fn lock() -> SecretsLock {
    SecretsLock::parse(TEXT).unwrap()
}

#[test]
fn the_file_is_written_as_it_is_read() {
    assert_eq!(lock().to_string(), TEXT);
    assert_eq!(lock().get("api-token"), Some(&LockedFields::Text));
    assert_eq!(lock().get("certificate"), Some(&LockedFields::Binary));
    assert_eq!(lock().get("prod-db"), Some(&LockedFields::keys(["user", "port", "password"])));
    assert_eq!(lock().get("nowhere"), None);
}

#[test]
fn unsorted_lines_and_everything_that_an_editor_may_change_are_read() {
    let text = "\u{feff}\r\n# A comment\r\n  version=1 # the format\r\n\r\n[secrets] # all\r\nprod-db = [ \"user\",\"password\" , \"port\", ]\r\n\t\"certificate\"=\"binary\"\r\n\"aws-secrets-manager.prod/db\" = [\"user\", \"host\", \"password\"] # x\r\n\r\n\"api-token\" = \"text\"";
    assert_eq!(SecretsLock::parse(text), Ok(lock()));
    let escaped = "version = 1\n[secrets]\n\"a\\\"\\\\\\t\\u00e9\\U0001F511\" = []\n";
    let lock = SecretsLock::parse(escaped).unwrap();
    assert_eq!(lock.iter().next(), Some(("a\"\\\té\u{1F511}", &LockedFields::keys::<String>([]))));
    assert_eq!(SecretsLock::parse(&lock.to_string()), Ok(lock));
    assert_eq!(SecretsLock::parse("version = 1"), Ok(SecretsLock::default()));
}

#[test]
fn comments_stay_with_their_secrets() {
    let text = format!(
        "{}\n# Ours.\nversion = 1\n\n[secrets]\n# Of the shop.\n# Two lines.\n\"a\" = \"text\" # rotated weekly\n\"b\" = []\n# The end.\n",
        TEXT.lines().next().unwrap()
    );
    let mut lock = SecretsLock::parse(&text).unwrap();
    assert_eq!(lock.to_string(), text);
    // They follow their line to its place, and go with it.
    let mixed = "# Ours.\r\nversion = 1 # the form\n[secrets]   # all\n\"b\" = []\n\n  # Of the shop.\n\n# Two lines.\n\"a\"=\"text\"# rotated weekly\n# The end.";
    let sorted = SecretsLock::parse(mixed).unwrap().to_string();
    let more = "# Ours.\n# the form\n# all\n";
    assert_eq!(sorted, text.replace("# Ours.\n", more));
    assert_eq!(SecretsLock::parse(&sorted).unwrap().to_string(), sorted);
    lock.insert("a", LockedFields::Binary);
    assert!(lock.to_string().contains("# Two lines.\n\"a\" = \"binary\" # rotated weekly\n"));
    lock.retain(|name| name != "a");
    assert!(!lock.to_string().contains("shop") && !lock.to_string().contains("weekly"));
}

#[test]
fn what_is_no_lock_is_one_error_with_its_line_and_without_its_text() {
    use LockFault::{ConflictMarks, Malformed, NewerVersion, NoVersion, Table, Twice};
    let head = "version = 1\n[secrets]\n";
    for (text, line, fault) in [
        ("", None, NoVersion),
        ("# SeNtInEl\n", None, NoVersion),
        ("[secrets]\n\"SeNtInEl\" = \"text\"\n", Some(1), NoVersion),
        ("version = 2\nSeNtInEl", Some(1), NewerVersion(2)),
        ("version = 99999999999999999999\n", Some(1), NewerVersion(u64::MAX)),
        ("version = 1\nversion = 1\n", Some(2), Twice),
        ("<<<<<<< HEAD\nversion = 1\n", Some(1), ConflictMarks),
    ] {
        let error = SecretsLock::parse(text).unwrap_err();
        assert_eq!((error.line(), error.fault()), (line, fault), "{text}");
    }
    for (text, fault) in [
        ("<<<<<<< SeNtInEl", ConflictMarks),
        ("||||||| SeNtInEl", ConflictMarks),
        ("=======", ConflictMarks),
        (">>>>>>> SeNtInEl", ConflictMarks),
        ("\"SeNtInEl\" = { a = 1 }", Table),
        ("\"a\" = [{ SeNtInEl = 1 }]", Table),
        ("[secrets.SeNtInEl]", Table),
        ("\"a\".\"b\" = \"text\"", Table),
        ("\"a\" = [\"k\", \"k\"]", Twice),
    ] {
        let error = SecretsLock::parse(&format!("{head}{text}\n")).unwrap_err();
        assert_eq!((error.line(), error.fault()), (Some(3), fault), "{text}");
        assert!(!error.to_string().contains("SeNtInEl"));
    }
    for text in [
        "SeNtInEl",
        "\"SeNtInEl",
        "\"SeNtInEl\"",
        "\"SeNtInEl\" \"text\"",
        "\"SeNtInEl\" =",
        "\"a\" = SeNtInEl",
        "\"a\" = 'text'",
        "\"a\" = \"SeNtInEl\"",
        "\"a\" = true",
        "\"a\" = [\"SeNtInEl\"",
        "\"a\" = [\"SeNtInEl\" \"b\"]",
        "\"a\" = [SeNtInEl]",
        "\"a\" = [,]",
        "\"a\" = \"text\" SeNtInEl",
        "\"a\\x\" = \"text\"",
        "\"a\\ud800\" = \"text\"",
        "\"a\\u12\" = \"text\"",
        "\"a\u{1}\" = \"text\"",
        "[other]",
        "= \"text\"",
    ] {
        let error = SecretsLock::parse(&format!("{head}{text}\n")).unwrap_err();
        assert!(
            matches!(error.fault(), Malformed(_)) && error.line() == Some(3),
            "{text}: {error:?}"
        );
        assert!(!format!("{error:?} {error} {}", error.help()).contains("SeNtInEl"), "{text}");
    }
    for text in ["version = \"1\"\n", "version = 01\n", "version =\n", "verzion = 1\n", "version\n"]
    {
        assert!(matches!(SecretsLock::parse(text).unwrap_err().fault(), Malformed(_)), "{text}");
    }
}

#[test]
fn of_two_lines_with_one_name_the_second_is_reported() {
    let text = "version = 1\n[secrets]\n\"b\" = \"text\"\n\"a\" = \"text\"\n\"b\" = \"binary\"\n";
    let error = SecretsLock::parse(text).unwrap_err();
    assert_eq!((error.line(), error.fault()), (Some(5), LockFault::Twice));
}

#[test]
fn ten_thousand_secrets_and_every_cut_of_a_file_are_read_or_refused() {
    let mut lock = SecretsLock::default();
    for n in (0..10_000).rev() {
        lock.insert(&format!("secret-{n}"), LockedFields::keys(["user", "password"]));
    }
    let text = lock.to_string();
    assert_eq!(SecretsLock::parse(&text).unwrap().len(), 10_000);
    assert_eq!(SecretsLock::parse(&text), Ok(lock));
    // A cut within a line is a mistake; one between two lines cannot be seen.
    for end in 0..TEXT.len() {
        let cut = &TEXT[..end];
        let whole_lines = TEXT[..end].ends_with('\n') || TEXT[end..].starts_with('\n');
        assert!(SecretsLock::parse(cut).is_err() || whole_lines, "{cut}");
    }
}

#[test]
fn lines_are_added_replaced_and_removed() {
    let mut lock = lock();
    lock.insert("prod-db", LockedFields::Text);
    lock.insert("b", LockedFields::Binary);
    lock.retain(|name| name != "api-token" && name != "certificate");
    let lines: Vec<_> =
        lock.iter().map(|(name, fields)| (name.to_owned(), fields.clone())).collect();
    assert_eq!(lines[1], ("b".to_owned(), LockedFields::Binary));
    assert_eq!(lines[2], ("prod-db".to_owned(), LockedFields::Text));
    assert_eq!((lock.len(), lock.is_empty()), (3, false));
}

#[test]
fn two_profiles_have_in_common_what_both_have() {
    let keys = |keys: &[&str]| LockedFields::keys(keys.iter().copied());
    assert_eq!(keys(&["a", "b"]).in_common(&keys(&["b", "c"])), keys(&["b"]));
    assert_eq!(LockedFields::Text.in_common(&LockedFields::Text), LockedFields::Text);
    assert_eq!(LockedFields::Text.in_common(&LockedFields::Binary), LockedFields::Binary);
    assert_eq!(LockedFields::Text.in_common(&keys(&["a"])), keys(&[]));
}

#[test]
fn the_name_of_a_source_is_what_the_code_writes() {
    for (source, name) in [
        (Source::parse("prod-db"), "prod-db"),
        (Source::parse("aws-secrets-manager.prod/db"), "aws-secrets-manager.prod/db"),
        (Source::from_json(r#"{"id": "i", "type": "t", "group": "g"}"#), "t.i"),
        (Source::from_json(r#"{"id": "a.b"}"#), "a.b"),
        (
            Source::parse("arn:aws:secretsmanager:us-west-2:123456789012:secret:x"),
            "arn:aws:secretsmanager:us-west-2:123456789012:secret:x",
        ),
    ] {
        assert_eq!(LockedSource::of(&source.unwrap()).name(), name);
    }
}

fn gap(source: &str) -> Option<(String, String)> {
    let source =
        if source.starts_with('{') { Source::from_json(source) } else { Source::parse(source) };
    let gap = LockedSource::of(&source.unwrap()).gap(&lock());
    gap.map(|gap| (gap.message(), gap.help()))
}

#[test]
fn a_missing_source_is_suggested_and_what_is_optional_or_of_the_process_is_not_missing() {
    let (message, help) = gap("prod-bd").unwrap();
    assert_eq!(message, "the secret \"prod-bd\" is not in secrets.lock");
    assert_eq!(
        help,
        "did you mean \"prod-db\"? run `secrets lock` if it is new: secrets lock prod-bd"
    );
    for there in [
        "prod-db",
        "env.X",
        "file.x",
        "flyte.x",
        r#"{"id": "x", "type": "inline", "options": {"env_vars": {"A": "b"}}}"#,
        r#"{"id": "x", "options": {"required": false}}"#,
    ] {
        assert_eq!(gap(there), None, "{there}");
    }
    assert!(gap("local.prod-db").is_some(), "a name with its type is another name");
}

#[test]
fn keys_follow_what_is_stored_and_how_it_is_read() {
    let key_gap = |source: &str, key: &str| {
        let source =
            if source.starts_with('{') { Source::from_json(source) } else { Source::parse(source) };
        LockedSource::of(&source.unwrap()).key_gap(key, &lock()).map(|gap| gap.help())
    };
    assert_eq!(key_gap("prod-db", "user"), None);
    assert_eq!(
        key_gap("prod-db", "usr").unwrap(),
        "did you mean \"user\"? its keys are \"password\", \"port\", \"user\"; run `secrets lock` if it is new"
    );
    assert_eq!(key_gap("api-token", "api_token"), None);
    assert!(key_gap("api-token", "api-token").is_some());
    assert_eq!(
        key_gap(r#"{"id": "api-token", "options": {"env_var_name": "TOKEN"}}"#, "TOKEN"),
        None
    );
    assert!(key_gap(r#"{"id": "prod-db", "options": {"json": false}}"#, "user").is_some());
    assert_eq!(key_gap(r#"{"id": "prod-db", "options": {"json": false}}"#, "prod_db"), None);
    assert_eq!(key_gap(r#"{"id": "api-token", "options": {"format": "json"}}"#, "any"), None);
    assert_eq!(key_gap("nowhere", "any"), None, "the secret is reported, and not its keys");
}

#[test]
fn a_plain_value_of_an_arn_is_named_after_the_secret() {
    let arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:my-token-AbCdEf";
    let mut lock = lock();
    lock.insert(arn, LockedFields::Text);
    let source = Source::parse(arn).unwrap();
    for (key, is_there) in [("my_token", true), ("my_token_AbCdEf", true), ("token", false)] {
        let gap = LockedSource::of(&source).key_gap(key, &lock);
        assert_eq!(gap.is_none(), is_there, "{key}");
    }
}

#[test]
fn requests_are_found_by_group_and_without_one_by_key() {
    let gap = |group: &str, key: &str| {
        locked_request_gap(&Request::new(group, key).unwrap().view(), &lock())
            .map(|gap| gap.message())
    };
    assert_eq!(gap("prod-db", "user"), None);
    assert_eq!(gap("", "api-token"), None);
    assert_eq!(gap("api-token", "any"), None, "a plain value answers every key");
    assert!(gap("prod-db", "usr").unwrap().contains("has no key \"usr\""));
    assert!(gap("prod-bd", "user").unwrap().contains("\"prod-bd\" is not in"));
    assert!(gap("", "user").unwrap().contains("\"user\" is not in"));
}

#[test]
fn tables_answer_as_the_lock_does() {
    let (names, keys) = (lock().name_table().leak(), lock().key_table().leak());
    let tables = LockTables { names, keys };
    assert!(check_locked_source(&tables, &["prod-db"]).is_none());
    assert!(check_locked_source(&tables, &["aws-secrets-manager", ".", "prod/db"]).is_none());
    assert!(check_locked_source(&tables, &["env.X"]).is_none());
    assert!(check_locked_source(&tables, &["file", ".", "x"]).is_none());
    assert_eq!(
        check_locked_source(&tables, &["prod-bd"]).unwrap().as_str(),
        "the secret \"prod-bd\" is not in secrets.lock: run `secrets lock` if it is new"
    );
    assert!(check_locked_parameter(&tables, &["alias"], "alias").is_none());
    assert!(check_locked_parameter(&tables, &["alias"], "other").is_some());
    assert!(check_locked_key(&tables, &["prod-db"], "user").is_none());
    assert!(check_locked_key(&tables, &["api-token"], "any").is_none());
    assert!(check_locked_key(&tables, &["nowhere"], "any").is_none());
    assert_eq!(
        check_locked_key(&tables, &["prod-db"], "usr").unwrap().as_str(),
        "the secret \"prod-db\" has no key \"usr\" in secrets.lock: run `secrets lock` if it is new"
    );
    let request =
        |group, key| check_locked_request(&tables, secrets_spec::Secret::new(group, key).view());
    assert!(request("prod-db", "user").is_none() && request("", "api-token").is_none());
    assert!(request("prod-db", "usr").is_some() && request("", "user").is_some());
    let long = "x".repeat(4000);
    let cut = check_locked_source(&tables, &[&long]).unwrap();
    assert!(cut.as_str().starts_with("the secret \"xxx"));
}

#[test]
fn fields_that_a_secret_lacks_are_named_together() {
    let fields: SecretFieldNames = &[&["usr"], &["pw", "password"], &["host"]];
    let sentence = check_locked_fields("prod-db", &["password", "user"], fields).unwrap();
    assert_eq!(
        sentence.as_str(),
        "the secret \"prod-db\" lacks fields of this type in secrets.lock: \"usr\" (did you mean \"user\"?), \"host\"; its keys are \"password\", \"user\"; run `secrets lock` if it is new"
    );
    assert!(check_locked_fields("prod-db", &["usr", "password", "host"], fields).is_none());
    let (names, keys) = (lock().name_table().leak(), lock().key_table().leak());
    let tables = LockTables { names, keys };
    let sentence = check_locked_fields_of(&tables, &["prod-db"], fields).unwrap();
    assert!(sentence.as_str().contains("\"usr\", \"host\""), "{}", sentence.as_str());
    assert!(check_locked_fields_of(&tables, &["prod-db"], &[&["user"]]).is_none());
}

/// A folder by its entries, with the text of its manifest.
#[derive(Clone, Copy)]
struct Folder(&'static [&'static str], &'static str);

impl LockFolder for Folder {
    fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    fn read(&self, _: &str) -> Option<String> {
        Some(self.1.to_owned())
    }
}

#[test]
fn the_nearest_file_is_found_and_none_above_the_root() {
    const LOCK: &str = "secrets.lock";
    let package = Folder(&["Cargo.toml"], "[package]\n");
    let locked = Folder(&["Cargo.toml", LOCK], "[package]\n");
    let workspace = Folder(&["Cargo.toml"], "[workspace]\n");
    let locked_workspace = Folder(&["Cargo.toml", LOCK], "x = 1\n[workspace.lints]\n");
    let repository = Folder(&[".git"], "");
    let plain = Folder(&[], "");
    let above = Folder(&[LOCK], "");
    let downloaded = Folder(&["Cargo.toml", ".cargo-ok"], "");
    let found = |folders: &[Folder]| {
        let numbered: Vec<Numbered> = folders.iter().copied().enumerate().map(Numbered).collect();
        find_lock(numbered).map(|Numbered((number, _))| number)
    };
    assert_eq!(found(&[locked, locked_workspace, above]), Some(0));
    assert_eq!(found(&[package, plain, locked_workspace, above]), Some(2));
    assert_eq!(found(&[package, workspace, above]), None);
    assert_eq!(found(&[package, workspace, above, repository, above]), Some(2));
    assert_eq!(found(&[package, repository, above]), None);
    assert_eq!(found(&[package, above]), None, "the package is its own root");
    assert_eq!(found(&[plain, locked, above]), Some(1));
    assert_eq!(found(&[plain, above]), None);
    assert_eq!(found(&[downloaded, above, repository]), None);
    // A Git repository that Cargo has cloned is marked at its root.
    let cloned = Folder(&[".git", ".cargo-ok", "Cargo.toml", LOCK], "[workspace]\n");
    assert_eq!(found(&[package, plain, cloned, above]), None);
    assert_eq!(found(&[locked, cloned]), Some(0));
    assert_eq!(found(&[cloned, above]), Some(0));
    // The mark of another package above the repository is not about this one.
    let above_repository = Folder(&[".cargo-ok"], "");
    assert_eq!(found(&[package, above, repository, above_repository]), Some(1));
    assert_eq!(found(&[]), None);
}

#[derive(Clone, Copy)]
struct Numbered((usize, Folder));

impl LockFolder for Numbered {
    fn has(&self, name: &str) -> bool {
        self.0.1.has(name)
    }

    fn read(&self, name: &str) -> Option<String> {
        self.0.1.read(name)
    }
}

proptest! {
    #[test]
    fn whatever_is_written_is_read(names in vec((".*", vec(".*", 0..4)), 0..8)) {
        let mut lock = SecretsLock::default();
        for (name, keys) in names {
            lock.insert(&name, LockedFields::keys(keys));
        }
        let text = lock.to_string();
        prop_assert_eq!(SecretsLock::parse(&text), Ok(lock));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>(), line in ".*") {
        let _ = SecretsLock::parse(&text);
        let _ = SecretsLock::parse(&format!("version = 1\n[secrets]\n{line}"));
        let _ = SecretsLock::parse(&format!("version = 1\n[secrets]\n\"a\" = [\"{line}"));
    }
}
