//! Exit codes and kinds of errors. No error shows a value.

use crate::support::{CliOutput, Sandbox};

#[test]
fn an_invalid_name_is_refused_before_anything_is_written() {
    let sandbox = Sandbox::new();
    for name in ["", "a\nb", &"x".repeat(513)] {
        sandbox.run(["register", name, "--a=SeNtInEl"]).assert_fails(5);
        sandbox.run(["get", name]).assert_fails(5);
    }
    assert!(!sandbox.path().join("store").exists());
}

#[test]
fn usage_errors_show_no_value() {
    let sandbox = Sandbox::new();
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
        sandbox.run(arguments).assert_fails(2);
    }
}

#[test]
fn json_that_does_not_parse_shows_no_value() {
    let sandbox = Sandbox::new();
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
        sandbox.run(["resolve", "--sources", &format!("[{source}]")]).assert_fails(2);
        sandbox.run(["resolve", &source]).assert_fails(5);
    }
}

#[test]
fn with_format_json_a_usage_error_is_json_too() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["register", "db", "--format", "json"][..],
        &["resolve", "--format=json"],
        &["get", "--format=json"],
        &["list", "--format=json", "--nothing"],
    ] {
        let result = sandbox.run(arguments);
        result.assert_fails(2);
        assert_eq!(result.json_kind(), "Usage");
    }
}

#[test]
fn all_mistakes_are_reported_at_once_and_the_first_decides_the_code() {
    let sandbox = Sandbox::new();
    let result = sandbox.run([
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
    result.assert_fails(5);
    assert_eq!(result.json_kind(), "InvalidSource");
    assert_eq!(result.stderr.matches("\"source\":").count(), 4, "{result:?}");

    let missing = sandbox.run(["resolve", "a", "b", "env.C", "--format", "json"]);
    missing.assert_fails(3);
    assert_eq!(missing.json_kind(), "NotFound");
    assert_eq!(missing.stderr.matches("\"source\":").count(), 3, "{missing:?}");
}

#[test]
fn a_name_that_reads_like_a_type_says_so_where_it_is_not_found() {
    let sandbox = Sandbox::new();
    let hint = r#"if `X` of the type `env` was meant, write "env.X" or { type = "env", id = "X" }; otherwise "#;
    let untyped = r#"{"id": "env.X"}"#;
    for command in ["resolve", "check"] {
        let hints = |sources: &[&str]| {
            let result = sandbox.run([command].iter().chain(sources));
            assert_eq!(result.code, Some(3), "{result:?}");
            result.stderr.matches(hint).count()
        };
        assert_eq!(hints(&[untyped]), 1);
        assert_eq!(hints(&[untyped, "env.X"]), 1);
        // These have a type, or do not start with the name of a type.
        for other in
            ["env.X", "local.env.X", r#"{"id": "env.X", "type": "local"}"#, "consul.X", "X"]
        {
            assert_eq!(hints(&[other]), 0, "{other}");
        }
        assert_eq!(hints(&[untyped, "--backend=env"]), 1);
    }
    let level = sandbox.run(["check", "--level=SECRET_EXISTS", untyped]);
    assert!(level.stderr.contains(hint), "{level:?}");
    // A mapping replaces the name, so the hint would be wrong.
    sandbox.write("secrets.toml", "[sources.\"env.X\"]\nid = \"elsewhere\"\n");
    let mapped = sandbox.run(["resolve", untyped]);
    mapped.assert_fails(3);
    assert!(!mapped.stderr.contains("was meant"), "{mapped:?}");
}

#[test]
fn json_other_than_a_list_is_an_invalid_source() {
    let sandbox = Sandbox::new();
    for (option, text) in [("--sources", "{}"), ("--sources", "\"a\""), ("--requests", "{}")] {
        let result = sandbox.run(["resolve", option, text, "--format", "json"]);
        result.assert_fails(5);
        assert_eq!(result.json_kind(), "InvalidSource");
    }
}

#[test]
fn wrong_settings_are_invalid_config() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["doctor", "--format", "json"]);
    let output = command.env("SECRETS_TIMEOUT", "soon").env("SECRETS_WITH", "sources=[]").output();
    let result = CliOutput::new(output.unwrap());
    assert_eq!(result.code, Some(5), "{result:?}");
    assert_eq!(result.json_kind(), "InvalidConfig");
    assert_eq!(result.stderr.matches("\"source\":").count(), 2, "{result:?}");
    // The table is printed nevertheless: now it is needed.
    let table: serde_json::Value = serde_json::from_slice(&result.stdout).unwrap();
    let settings = table["settings"].as_array().unwrap();
    let wrong = settings.iter().filter(|setting| !setting["problem"].is_null());
    let wrong: Vec<_> = wrong.map(|setting| setting["name"].as_str().unwrap()).collect();
    assert_eq!(wrong, ["SECRETS_WITH", "SECRETS_TIMEOUT"]);
    assert_eq!(table["backends"], serde_json::json!([]));
}

#[test]
fn a_store_that_does_not_authenticate_is_exit_4() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--a=SeNtInEl"]);
    let file = std::fs::read_dir(sandbox.path().join("store"))
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
    let result = sandbox.run(["get", "db", "--reveal", "--format=json"]);
    result.assert_fails(4);
    assert_eq!(result.json_kind(), "DecryptionFailed");
    sandbox.ok(["delete", "db", "--yes"]);
}

#[test]
fn the_help_says_what_to_write_and_shows_no_value() {
    let sandbox = Sandbox::new();
    let json = r#"{"a": "SeNtInEl"}"#;
    for (arguments, code, help) in [
        (&["register", "db", "user=SeNtInEl"][..], 2, "write `--user=VALUE`"),
        (&["register", "db", "-i", "--a=SeNtInEl"], 2, "remove -i"),
        (&["register", "db", "--from-json", json], 2, "pipe it into `--from-json -`"),
        (&["get", "db", "--backend", "evn"], 5, "did you mean `env`?"),
        (&["get", "db", "--backend", "nope"], 5, "help: the types here are `local`"),
    ] {
        let result = sandbox.run(arguments);
        result.assert_fails(code);
        assert!(
            result.stderr.contains(help) && !result.stderr.contains("Resolver::"),
            "{result:?}"
        );
    }
    sandbox.write("in", "nothing to fill in");
    let result = sandbox.run(["render", "in", "--output", "sub/out"]);
    result.assert_fails(5);
    assert!(result.stderr.contains("there is no folder `sub`"), "{result:?}");
}

#[test]
fn the_help_for_a_field_that_cannot_be_a_variable_is_to_rename_it() {
    let sandbox = Sandbox::new();
    sandbox.write("digit.json", r#"{"1a": "SeNtInEl"}"#);
    sandbox.ok(["register", "db", "--from-json", "digit.json"]);
    for arguments in [&["run", "db", "--", "true"][..], &["export", "db", "--format=dotenv"]] {
        let result = sandbox.run(arguments);
        result.assert_fails(5);
        assert!(result.stderr.contains("rename") && !result.stderr.contains("_1a"), "{result:?}");
    }
}

#[test]
fn what_was_typed_for_an_option_of_register_is_not_shown() {
    let sandbox = Sandbox::new();
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
            sandbox.run(arguments).assert_fails(2);
            sandbox.run(arguments.iter().chain(&["--format=json"])).assert_fails(2);
        }
        let schema = sandbox.run([command, "db", "--schema=SeNtInEl"]);
        assert!(schema.stderr.contains("--schema") && schema.stderr.contains("aws"), "{schema:?}");
    }
    // Other commands take no values on the command line, so they show what was typed.
    assert!(sandbox.run(["export", "db", "--format=yaml"]).stderr.contains("yaml"));
}

#[test]
fn json_instead_of_a_file_name_is_not_shown() {
    let sandbox = Sandbox::new();
    for json in [r#"["SeNtInEl"]"#, r#" "SeNtInEl""#, r#"{"a": "SeNtInEl"}"#] {
        for command in ["register", "update"] {
            let result = sandbox.run([command, "db", "--from-json", json]);
            result.assert_fails(2);
            assert!(result.stderr.contains("pipe it into `--from-json -`"), "{result:?}");
        }
    }
    // A file that exists may have such a name.
    sandbox.write("[a].json", r#"{"a": "SeNtInEl"}"#);
    sandbox.ok(["register", "db", "--from-json", "[a].json"]);
}

#[test]
fn a_plain_text_where_json_is_expected_is_not_json() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    for value in
        ["-----BEGIN SeNtInEl-----\nx", "tk-SeNtInEl", "nk-SeNtInEl", "[SeNtInEl", "\"SeNtInEl"]
    {
        let source = r#"{"type": "env", "id": "TEXT", "options": {"json": true}}"#;
        for arguments in [["resolve", "--sources"], ["check", "--sources"]] {
            let mut command = sandbox.command(arguments);
            command.arg(format!("[{source}]")).env("TEXT", value);
            let result = CliOutput::new(command.output().unwrap());
            assert_eq!(result.code, Some(5), "{result:?}");
            let said = format!("{}{}", result.text(), result.stderr);
            assert!(said.contains("it is not JSON"), "{said}");
            assert!(!said.contains("SeNtInEl") && !said.contains("the JSON is"), "{said}");
            if arguments[0] == "resolve" {
                assert!(said.contains(r#""id": "TEXT", "options": {"json": false}"#), "{said}");
            }
        }
    }
    // Where secrets.toml says so, it is mended there.
    sandbox.write(
        "secrets.toml",
        "[sources.db]\ntype = \"env\"\nid = \"TEXT\"\noptions = { json = true }\n",
    );
    let mut command = sandbox.command(["resolve", "db"]);
    let result = CliOutput::new(command.env("TEXT", "tk-SeNtInEl").output().unwrap());
    result.assert_fails(5);
    assert!(result.stderr.contains("`options = { json = false }` in `[sources.db]`"), "{result:?}");
}
