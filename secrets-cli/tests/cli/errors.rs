//! Exit codes, kinds, and that no error shows a value.

use crate::bench::{Bench, Ran};

#[test]
fn a_name_that_cannot_be_is_refused_before_anything_is_written() {
    let bench = Bench::new();
    for name in ["", "a\nb", &"x".repeat(513)] {
        bench.run(["register", name, "--a=SeNtInEl"]).fails(5);
        bench.run(["get", name]).fails(5);
    }
    assert!(!bench.path().join("store").exists());
}

#[test]
fn usage_errors_show_no_value() {
    let bench = Bench::new();
    for arguments in [
        &["register", "db"][..],
        &["register"],
        &["register", "--a=SeNtInEl"],
        &["register", "db", "password=SeNtInEl"],
        &["register", "db", "--", "SeNtInEl"],
        &["register", "db", "--pass-word=SeNtInEl"],
        &["register", "db", "--=SeNtInEl"],
        &["register", "db", "--a=SeNtInEl", "--a=SeNtInEl"],
        &["register", "db", "--password", "SeNtInEl"],
        &["register", "db", "-i", "--a=SeNtInEl"],
        &["resolve"],
        &[
            "resolve",
            "--sources",
            "[{\"type\": \"inline\", \"options\": {\"env_vars\": {\"A\": SeNtInEl}}}]",
        ],
        &["resolve", "--requests", "["],
        &["run", "db"],
        &["run", "--", "true"],
        &["nothing"],
        &["get", "a", "b", "c"],
        &["export"],
        &["export", "a", "--all"],
        &["man", "nothing"],
    ] {
        bench.run(arguments).fails(2);
    }
}

#[test]
fn json_that_does_not_parse_shows_no_value() {
    let bench = Bench::new();
    for value in [
        "SeNtInEl",
        "'SeNtInEl'",
        "\u{201C}SeNtInEl\u{201D}",
        "\"SeNtInEl",
        "1SeNtInEl",
        "\"\\SeNtInEl\"",
    ] {
        let source = format!(
            r#"{{"type": "inline", "id": "1", "options": {{"env_vars": {{"A": {value}}}}}}}"#
        );
        bench.run(["resolve", "--sources", &format!("[{source}]")]).fails(2);
        bench.run(["resolve", &source]).fails(5);
    }
}

#[test]
fn a_usage_error_is_json_too_where_that_is_asked_for() {
    let bench = Bench::new();
    for arguments in [
        &["register", "db", "--format", "json"][..],
        &["resolve", "--format=json"],
        &["get", "--format=json"],
        &["list", "--format=json", "--nothing"],
    ] {
        let ran = bench.run(arguments);
        ran.fails(2);
        assert_eq!(ran.json_kind(), "Usage");
    }
}

#[test]
fn every_mistake_is_told_at_once_and_the_first_gives_the_code() {
    let bench = Bench::new();
    let ran = bench.run([
        "resolve",
        "bad name",
        "--sources",
        r#"["ok", {"id": "x", "optons": {}}]"#,
        "--requests",
        r#"[{"group": "g", "key": "a/b"}]"#,
        "--role",
        "nobody",
        "--format",
        "json",
    ]);
    ran.fails(5);
    assert_eq!(ran.json_kind(), "InvalidSource");
    assert_eq!(ran.stderr.matches("\"source\":").count(), 4, "{ran:?}");

    let missing = bench.run(["resolve", "a", "b", "env.C", "--format", "json"]);
    missing.fails(3);
    assert_eq!(missing.json_kind(), "NotFound");
    assert_eq!(missing.stderr.matches("\"source\":").count(), 3, "{missing:?}");
}

#[test]
fn a_name_that_reads_like_a_type_says_so_where_it_is_not_found() {
    let bench = Bench::new();
    let hint = r#"if `X` of the type `env` was meant, write "env.X" or { type = "env", id = "X" }; otherwise "#;
    let untyped = r#"{"id": "env.X"}"#;
    for command in ["resolve", "check"] {
        let hints = |sources: &[&str]| {
            let ran = bench.run([command].iter().chain(sources));
            assert_eq!(ran.code, Some(3), "{ran:?}");
            ran.stderr.matches(hint).count()
        };
        assert_eq!(hints(&[untyped]), 1);
        assert_eq!(hints(&[untyped, "env.X"]), 1);
        // It has a type, or reads like no type that there is.
        for other in ["env.X", "local.env.X", r#"{"id": "env.X", "type": "local"}"#, "vault.X", "X"]
        {
            assert_eq!(hints(&[other]), 0, "{other}");
        }
        assert_eq!(hints(&[untyped, "--backend=env"]), 1);
    }
    let level = bench.run(["check", "--level=SECRET_EXISTS", untyped]);
    assert!(level.stderr.contains(hint), "{level:?}");
    // What a setting puts in its place is what is not found.
    bench.write("secrets.toml", "[sources.\"env.X\"]\nid = \"elsewhere\"\n");
    let mapped = bench.run(["resolve", untyped]);
    mapped.fails(3);
    assert!(!mapped.stderr.contains("was meant"), "{mapped:?}");
}

#[test]
fn json_that_is_no_list_is_an_invalid_source() {
    let bench = Bench::new();
    for (option, text) in [("--sources", "{}"), ("--sources", "\"a\""), ("--requests", "{}")] {
        let ran = bench.run(["resolve", option, text, "--format", "json"]);
        ran.fails(5);
        assert_eq!(ran.json_kind(), "InvalidSource");
    }
}

#[test]
fn settings_that_are_wrong_are_invalid_config() {
    let bench = Bench::new();
    let mut command = bench.command(["doctor", "--format", "json"]);
    let output = command.env("SECRETS_TIMEOUT", "soon").env("SECRETS_WITH", "sources=[]").output();
    let ran = Ran::of(output.unwrap());
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert_eq!(ran.json_kind(), "InvalidConfig");
    assert_eq!(ran.stderr.matches("\"source\":").count(), 2, "{ran:?}");
    // The table is there all the same: it is needed now.
    let table: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let settings = table["settings"].as_array().unwrap();
    let wrong = settings.iter().filter(|setting| !setting["problem"].is_null());
    let wrong: Vec<_> = wrong.map(|setting| setting["name"].as_str().unwrap()).collect();
    assert_eq!(wrong, ["SECRETS_WITH", "SECRETS_TIMEOUT"]);
    assert_eq!(table["backends"], serde_json::json!([]));
}

#[test]
fn a_store_that_does_not_authenticate_is_exit_4() {
    let bench = Bench::new();
    bench.ok(["register", "db", "--a=SeNtInEl"]);
    let file = std::fs::read_dir(bench.path().join("store"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "jwe"))
        .unwrap();
    let mut text = std::fs::read_to_string(&file).unwrap();
    let last = if text.pop() == Some('A') { 'B' } else { 'A' };
    let before = text.rfind('.').unwrap() + 1;
    text.replace_range(before..=before, &last.to_string());
    text.push(last);
    std::fs::write(&file, text).unwrap();
    let ran = bench.run(["get", "db", "--reveal", "--format=json"]);
    ran.fails(4);
    assert_eq!(ran.json_kind(), "DecryptionFailed");
    bench.ok(["delete", "db", "--yes"]);
}

#[test]
fn what_is_to_be_written_instead_is_said_and_no_value() {
    let bench = Bench::new();
    let json = r#"{"a": "SeNtInEl"}"#;
    for (arguments, code, help) in [
        (&["register", "db", "user=SeNtInEl"][..], 2, "write `--user=VALUE`"),
        (&["register", "db", "-i", "--a=SeNtInEl"], 2, "remove -i"),
        (&["register", "db", "--from-json", json], 2, "pipe it into `--from-json -`"),
        (&["get", "db", "--backend", "evn"], 5, "did you mean `env`?"),
        (&["get", "db", "--backend", "nope"], 5, "help: the types here are `local`"),
    ] {
        let ran = bench.run(arguments);
        ran.fails(code);
        assert!(ran.stderr.contains(help) && !ran.stderr.contains("Resolver::"), "{ran:?}");
    }
    bench.write("in", "nothing to fill in");
    let ran = bench.run(["render", "in", "--output", "sub/out"]);
    ran.fails(5);
    assert!(ran.stderr.contains("there is no folder `sub`"), "{ran:?}");
}

#[test]
fn a_field_that_cannot_be_a_variable_is_to_be_renamed() {
    let bench = Bench::new();
    bench.write("digit.json", r#"{"1a": "SeNtInEl"}"#);
    bench.ok(["register", "db", "--from-json", "digit.json"]);
    for arguments in [&["run", "db", "--", "true"][..], &["export", "db", "--format=dotenv"]] {
        let ran = bench.run(arguments);
        ran.fails(5);
        assert!(ran.stderr.contains("rename") && !ran.stderr.contains("_1a"), "{ran:?}");
    }
}

#[test]
fn what_was_typed_for_an_option_of_register_is_not_shown() {
    let bench = Bench::new();
    for command in ["register", "update"] {
        for argument in [
            "--schema=SeNtInEl",
            "-sSeNtInEl",
            "--format=SeNtInEl",
            "--tag=SeNtInEl",
            "--interactive=SeNtInEl",
            "--help=SeNtInEl",
        ] {
            let arguments = [command, "db", argument, "--a=SeNtInEl"];
            bench.run(arguments).fails(2);
            bench.run(arguments.iter().chain(&["--format=json"])).fails(2);
        }
        let schema = bench.run([command, "db", "--schema=SeNtInEl"]);
        assert!(schema.stderr.contains("--schema") && schema.stderr.contains("aws"), "{schema:?}");
    }
    // Where no values are typed, it helps to see what was.
    assert!(bench.run(["export", "db", "--format=yaml"]).stderr.contains("yaml"));
}

#[test]
fn json_in_the_place_of_a_file_name_is_not_shown() {
    let bench = Bench::new();
    for json in [r#"["SeNtInEl"]"#, r#" "SeNtInEl""#, r#"{"a": "SeNtInEl"}"#] {
        for command in ["register", "update"] {
            let ran = bench.run([command, "db", "--from-json", json]);
            ran.fails(2);
            assert!(ran.stderr.contains("pipe it into `--from-json -`"), "{ran:?}");
        }
    }
    // A file may have such a name.
    bench.write("[a].json", r#"{"a": "SeNtInEl"}"#);
    bench.ok(["register", "db", "--from-json", "[a].json"]);
}
