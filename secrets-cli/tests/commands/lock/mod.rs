//! `lock`: which secrets exist, asked of the backends, and compared with programs.

mod file;

use std::{fs, net::TcpListener, path::PathBuf};

use serde_json::{Value, json};

use crate::{
    commands::program::{record, step},
    support::{CliOutput, Sandbox},
};

/// A repository with `prod-db` (user, password), `api-token` (one text) and `blob` (bytes).
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path().join(".git")).unwrap();
    sandbox.ok(["register", "prod-db", "--user=SeNtInEl-user", "--password=SeNtInEl"]);
    sandbox.ok(["register", "api-token", "--plain=SeNtInEl"]);
    sandbox.write("bytes", b"\xff\x00SeNtInEl");
    sandbox.ok(["register", "blob", "--plain=@bytes"]);
    sandbox
}

fn file(sandbox: &Sandbox) -> PathBuf {
    sandbox.path().join("secrets.lock")
}

/// Returns the lines of the secrets.
fn lines(sandbox: &Sandbox) -> Vec<String> {
    let text = fs::read_to_string(file(sandbox)).unwrap();
    assert!(!text.contains("SeNtInEl"), "{text}");
    let (head, lines) = text.split_once("[secrets]\n").unwrap();
    assert_eq!(
        head,
        "# Names and keys of secrets, never values. Written by `secrets lock`; programs are checked against it when they compile.\nversion = 1\n\n"
    );
    lines.lines().map(str::to_owned).collect()
}

fn lock(sandbox: &Sandbox, arguments: &[&str]) -> CliOutput {
    let result = sandbox.run([&["lock"], arguments].concat());
    assert!(!format!("{result:?}").contains("SeNtInEl"), "{result:?}");
    result
}

const PROD_DB: &str = r#""prod-db" = ["password", "user"]"#;
const API_TOKEN: &str = r#""api-token" = "text""#;

#[test]
fn names_and_keys_are_written_sorted_and_values_are_not() {
    let sandbox = repository();
    let result = lock(&sandbox, &["prod-db", "local.prod-db", "blob", "api-token"]);
    assert_eq!((result.code, result.text().as_str()), (Some(0), ""), "{result:?}");
    assert!(result.stderr.contains("wrote secrets.lock: 4 secrets"), "{result:?}");
    assert!(result.stderr.contains("cargo clean -p CRATE"), "{result:?}");
    assert_eq!(
        lines(&sandbox),
        [API_TOKEN, r#""blob" = "binary""#, r#""local.prod-db" = ["password", "user"]"#, PROD_DB]
    );
    // Nothing that a compiler would take for a change.
    let written = fs::metadata(file(&sandbox)).unwrap().modified().unwrap();
    let again = lock(&sandbox, &[]);
    assert!(again.stderr.contains("secrets.lock is up to date: 4 secrets"), "{again:?}");
    assert!(!again.stderr.contains("cargo clean"), "{again:?}");
    assert_eq!(fs::metadata(file(&sandbox)).unwrap().modified().unwrap(), written);
}

#[test]
fn what_is_in_the_file_is_asked_again() {
    let sandbox = repository();
    lock(&sandbox, &["prod-db"]);
    sandbox.ok(["update", "prod-db", "--port=5432", "--remove=user"]);
    let result = lock(&sandbox, &["--format=json"]);
    let json: Value = serde_json::from_str(&result.text()).unwrap();
    let expected = json!({ "file": "secrets.lock", "written": true, "secrets": 1, "added": [], "changed": ["prod-db"], "removed": [] });
    assert_eq!(json, expected);
    assert_eq!(lines(&sandbox), [r#""prod-db" = ["password", "port"]"#]);
}

#[test]
fn what_cannot_be_read_is_told_keeps_its_line_and_decides_the_exit_code() {
    let sandbox = repository();
    lock(&sandbox, &["prod-db", "api-token"]);
    sandbox.ok(["delete", "prod-db", "--yes"]);
    sandbox.ok(["update", "api-token", "--plain=SeNtInEl-2"]);
    let result = lock(&sandbox, &["blob", "prod-bd"]);
    assert_eq!(result.code, Some(3), "{result:?}");
    assert!(result.stderr.contains("error: prod-db (local): "), "{result:?}");
    assert!(result.stderr.contains("error: prod-bd (local): "), "{result:?}");
    assert!(result.stderr.contains("keeps its line"), "{result:?}");
    assert_eq!(lines(&sandbox), [API_TOKEN, r#""blob" = "binary""#, PROD_DB]);
    // A first file is written with what could be read.
    fs::remove_file(file(&sandbox)).unwrap();
    let result = lock(&sandbox, &["api-token", "nowhere"]);
    assert_eq!(result.code, Some(3));
    assert!(!result.stderr.contains("keeps its line"), "there is none: {result:?}");
    assert_eq!(lines(&sandbox), [API_TOKEN]);
    fs::remove_file(file(&sandbox)).unwrap();
    assert_eq!(lock(&sandbox, &["nowhere"]).code, Some(3));
    assert!(!file(&sandbox).exists());
    // One with a type fails alone, and is told once.
    let result = lock(&sandbox, &["api-token", "local.nowhere", "file.nowhere"]);
    assert_eq!(result.code, Some(3), "{result:?}");
    assert_eq!(result.stderr.matches("error: nowhere (local): ").count(), 1, "{result:?}");
    assert_eq!(result.stderr.matches("error: ").count(), 2, "{result:?}");
    assert_eq!(lines(&sandbox), [API_TOKEN]);
}

#[test]
fn a_backend_that_is_down_keeps_all_lines() {
    let sandbox = repository();
    lock(&sandbox, &["prod-db"]);
    let line = "\"zenml.team-db\" = [\"password\"]\n";
    let text = fs::read_to_string(file(&sandbox)).unwrap();
    sandbox.write("secrets.lock", format!("{text}{line}"));
    // A port at which nothing listens.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    sandbox.ok(["update", "prod-db", "--port=1"]);
    let mut command = sandbox.command(["lock"]);
    command
        .env("SECRETS_ZENML_URL", format!("http://127.0.0.1:{port}"))
        .env("SECRETS_ZENML_PASSWORD", "SeNtInEl");
    let result = CliOutput::new(command.output().unwrap());
    assert_eq!(result.code, Some(6), "{result:?}");
    assert!(result.stderr.contains("zenml.team-db"), "{result:?}");
    assert_eq!(lines(&sandbox), [r#""prod-db" = ["password", "port", "user"]"#, line.trim_end()]);
}

/// A program whose steps declare sources, requests, typed parameters, and what a lock need not have.
fn program(sandbox: &Sandbox, name: &str) {
    // One line, as the macros write it.
    let declares = json!({
        "step": "load", "module": "app", "file": "src/app.rs", "line": 7,
        "sources": [
            "prod-db", "env.HOME", "file.x",
            { "id": "optional", "options": { "required": false } },
            { "id": "v", "type": "inline", "options": { "env_vars": { "A": "***" } } },
            { "id": "prod-db", "group": "again", "options": { "json": false } },
        ],
        "requests": [{ "group": "local-db", "key": "user" }, { "key": "api-token" }],
        "parameters": [{ "source": "local.api-token", "key": "api_token" }, { "source": "again" }],
    });
    let declares = declares.to_string();
    let bytes = [b"\x7fELF".to_vec(), record(&declares), step("save", r#"["blob"]"#)].concat();
    sandbox.write(name, bytes);
}

#[test]
fn a_program_adds_what_it_declares_but_not_what_is_optional_or_of_the_process() {
    let sandbox = repository();
    sandbox.ok(["register", "local-db", "--user=SeNtInEl", "--port=1"]);
    program(&sandbox, "app");
    let result = lock(&sandbox, &["--from", "app"]);
    assert_eq!(result.code, Some(0), "{result:?}");
    let all = [
        API_TOKEN,
        r#""blob" = "binary""#,
        r#""local-db" = ["port", "user"]"#,
        r#""local.api-token" = "text""#,
        PROD_DB,
    ];
    assert_eq!(lines(&sandbox), all);
    assert_eq!(lock(&sandbox, &["--check", "--from", "app"]).code, Some(0));
    // An optional one that was named is asked again, and stays.
    sandbox.ok(["register", "optional", "--a=SeNtInEl"]);
    lock(&sandbox, &["optional"]);
    let result = lock(&sandbox, &["--from", "app", "--prune"]);
    assert_eq!(result.code, Some(0), "{result:?}");
    assert_eq!(lines(&sandbox).len(), 6);
}

#[test]
fn prune_removes_what_no_program_declares_and_nothing_without_a_program() {
    let sandbox = repository();
    program(&sandbox, "app");
    sandbox.write("other", step("send", r#"["api-token"]"#));
    sandbox.ok(["register", "old", "--a=SeNtInEl"]);
    lock(&sandbox, &["old", "prod-db", "api-token"]);
    assert_eq!(lock(&sandbox, &["--prune"]).code, Some(0));
    assert_eq!(lines(&sandbox).len(), 3);
    let result = lock(&sandbox, &["--prune", "--from", "other", "--format=json"]);
    let json: Value = serde_json::from_str(&result.text()).unwrap();
    assert_eq!(json["removed"], json!(["old", "prod-db"]));
    assert_eq!(lines(&sandbox), [API_TOKEN]);
    // Named sources stay, and several programs are read; what is gone is not asked for.
    sandbox.ok(["delete", "api-token", "--yes"]);
    sandbox.write("third", step("send", r#"["blob"]"#));
    let result = lock(&sandbox, &["old", "--prune", "--from", "third"]);
    assert_eq!(result.code, Some(0), "{result:?}");
    assert_eq!(lines(&sandbox), [r#""blob" = "binary""#, r#""old" = ["a"]"#]);
    let result = lock(&sandbox, &["--prune", "--from", "third", "./other"]);
    assert_eq!(result.code, Some(3), "api-token is gone: {result:?}");
    assert_eq!(lines(&sandbox), [r#""blob" = "binary""#]);
    // A program without steps would remove everything.
    sandbox.write("none", "no step");
    lock(&sandbox, &["--prune", "--from", "none"]).assert_fails(3);
    lock(&sandbox, &["--from", "nowhere"]).assert_fails(5);
    assert_eq!(lines(&sandbox).len(), 1);
}

#[test]
fn check_names_each_thing_that_the_file_lacks_and_asks_no_backend() {
    let sandbox = repository();
    program(&sandbox, "app");
    sandbox.write(
        "secrets.lock",
        "version = 1\n[secrets]\n\"prod-db\" = [\"user\"]\n\"local-db\" = [\"usr\"]\n\"api-tokn\" = \"text\"\n\"local.api-token\" = [\"password\"]\n",
    );
    let mut command = sandbox.command(["lock", "--check", "--from", "app", "--format=json"]);
    // A store that cannot be opened.
    let result = CliOutput::new(command.env("SECRETS_LOCAL_DIR", "/dev/null").output().unwrap());
    result.assert_fails(3);
    let error: Value = serde_json::from_str(&result.stderr).unwrap();
    let problems = error["error"]["problems"].as_array().unwrap();
    let found: Vec<(&str, &str)> = problems
        .iter()
        .map(|problem| (problem["kind"].as_str().unwrap(), problem["source"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("KeyNotFound", "local.api-token"),
            ("KeyNotFound", "local-db"),
            ("NotFound", "api-token"),
            ("NotFound", "blob"),
        ]
    );
    let text = result.stderr;
    assert!(
        text.contains("did you mean \\\"api-tokn\\\"? run `secrets lock` if it is new"),
        "{text}"
    );
    assert!(text.contains("the step app::load declares it (src/app.rs:7)"), "{text}");
    // Named sources too.
    let named = lock(&sandbox, &["--check", "prod-db", "nowhere"]);
    assert_eq!(named.stderr.matches("error:").count(), 1, "{named:?}");
    lock(&sandbox, &["--check", "--prune"]).assert_fails(2);
    lock(&sandbox, &["--against-backend"]).assert_fails(2);
}

#[test]
fn check_against_the_backend_says_what_is_no_longer_true() {
    let sandbox = repository();
    lock(&sandbox, &["prod-db", "api-token", "blob"]);
    let check = || lock(&sandbox, &["--check", "--against-backend"]);
    let before = fs::read(file(&sandbox)).unwrap();
    assert_eq!(check().code, Some(0));
    sandbox.ok(["update", "prod-db", "--port=1"]);
    let result = check();
    assert_eq!(result.code, Some(5), "{result:?}");
    assert!(result.stderr.contains("it has keys that secrets.lock lacks: \"port\""), "{result:?}");
    sandbox.ok(["update", "prod-db", "--remove=user"]);
    let result = check();
    assert_eq!(result.code, Some(3), "{result:?}");
    assert!(result.stderr.contains("\"user\", and has \"port\" besides"), "{result:?}");
    sandbox.ok(["delete", "blob", "--yes"]);
    sandbox.ok(["register", "blob", "--a=SeNtInEl"]);
    sandbox.ok(["delete", "api-token", "--yes"]);
    let result = check();
    assert!(result.stderr.contains("secrets.lock says one binary value"), "{result:?}");
    assert!(result.stderr.contains("error: api-token"), "{result:?}");
    assert_eq!(fs::read(file(&sandbox)).unwrap(), before, "nothing is written");
}

#[test]
fn several_profiles_have_the_keys_that_all_have() {
    let sandbox = repository();
    sandbox.ok(["register", "staging-db", "--user=SeNtInEl", "--host=h"]);
    sandbox.write(
        "secrets.toml",
        "[profile.staging.sources.prod-db]\nid = \"staging-db\"\n[profile.other.sources.prod-db]\nid = \"nowhere\"\n[profile.production]\n",
    );
    lock(&sandbox, &["prod-db", "--profile", "staging"]);
    assert_eq!(lines(&sandbox), [r#""prod-db" = ["host", "user"]"#]);
    let both = ["--profile", "staging", "--profile", "production"];
    assert_eq!(lock(&sandbox, &both).code, Some(0));
    assert_eq!(lines(&sandbox), [r#""prod-db" = ["user"]"#]);
    let check = lock(&sandbox, &[&["--check", "--against-backend"][..], &both].concat());
    assert_eq!(check.code, Some(0), "{check:?}");
    // What one profile cannot read keeps its line.
    let result = lock(&sandbox, &["--profile", "production", "--profile", "other"]);
    assert_eq!(result.code, Some(3), "{result:?}");
    assert!(result.stderr.contains("in the profile `other`: "), "{result:?}");
    assert_eq!(lines(&sandbox), [r#""prod-db" = ["user"]"#]);
    // Without a common key the line has none, which is worth a warning.
    sandbox.write(
        "secrets.toml",
        "[profile.token.sources.prod-db]\nid = \"api-token\"\n[profile.production]\n",
    );
    let both_kinds = ["--profile", "token", "--profile", "production"];
    let result = lock(&sandbox, &both_kinds);
    assert_eq!(result.code, Some(0), "{result:?}");
    assert!(
        result.stderr.contains("warning: prod-db: no key is in all of these profiles"),
        "{result:?}"
    );
    assert_eq!(lines(&sandbox), [r#""prod-db" = []"#]);
    // Other commands take one.
    sandbox.run([&["get", "prod-db"][..], &both].concat()).assert_fails(2);
}

#[cfg(unix)]
#[test]
fn the_file_is_replaced_as_a_whole_and_keeps_its_mode_and_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let sandbox = repository();
    lock(&sandbox, &["prod-db"]);
    let mode = || fs::metadata(file(&sandbox)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o644);
    fs::set_permissions(file(&sandbox), fs::Permissions::from_mode(0o664)).unwrap();
    lock(&sandbox, &["api-token"]);
    assert_eq!(mode(), 0o664);
    fs::rename(file(&sandbox), sandbox.path().join("real.lock")).unwrap();
    symlink("real.lock", file(&sandbox)).unwrap();
    lock(&sandbox, &["blob"]);
    assert!(fs::symlink_metadata(file(&sandbox)).unwrap().is_symlink());
    assert_eq!(lines(&sandbox).len(), 3);
    let left: Vec<_> = fs::read_dir(sandbox.path())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| name.ends_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_file_that_cannot_be_used_is_not_replaced() {
    let sandbox = repository();
    for (text, part) in [
        (&b"version = 2\n"[..], "it has version 2"),
        (b"", "it does not begin with `version = 1`"),
        (b"version = 1\n[secrets]\n<<<<<<< HEAD\n", "line 3: there are the marks of a merge"),
        (
            b"version = 1\n[secrets]\n\"a\" = \"text\"\n\"a\" = \"text\"\n",
            "line 4: this name is there already",
        ),
        (b"version = 1\n[secrets]\n\"a\" = { SeNtInEl = 1 }\n", "line 3: a table stands"),
        (b"version = 1\n[secrets]\n\"SeNtInEl\" = [\"b\n", "line 3: "),
        (b"version = 1\n[secrets]\n\"\xff\" = \"text\"\n", "it is not UTF-8"),
    ] {
        sandbox.write("secrets.lock", text);
        for arguments in [&["prod-db"][..], &["--check"], &["--check", "--against-backend"]] {
            let result = lock(&sandbox, arguments);
            result.assert_fails(5);
            assert!(result.stderr.contains(part), "{part}: {result:?}");
        }
        assert_eq!(fs::read(file(&sandbox)).unwrap(), text);
    }
    fs::remove_file(file(&sandbox)).unwrap();
    lock(&sandbox, &["--check"]).assert_fails(3);
    lock(&sandbox, &[]).assert_fails(2);
    fs::create_dir(file(&sandbox)).unwrap();
    let folder = lock(&sandbox, &["prod-db"]);
    folder.assert_fails(5);
    assert!(folder.stderr.contains("it is a folder"), "{folder:?}");
    lock(&sandbox, &["a b", "{\"id\": 1}"]).assert_fails(5);
}

#[test]
fn ten_thousand_secrets_are_checked_and_lines_by_request_stay() {
    let sandbox = repository();
    let mut text = "version = 1\n[secrets]\n".to_owned();
    for n in 0..10_000 {
        text.push_str(&format!("\"s{n}\" = [\"password\", \"user\"]\n"));
    }
    sandbox.write("secrets.lock", text);
    sandbox.write("app", step("load", r#"["s9999","s0"]"#));
    assert_eq!(lock(&sandbox, &["--check", "--from", "app"]).code, Some(0));
    // The group of an ARN in two parts is not a source.
    let group = "arn:aws:secretsmanager:us-west-2:123456789012:secret:";
    sandbox
        .write("secrets.lock", format!("version = 1\n[secrets]\n\"{group}\" = [\"db-AbCdEf\"]\n"));
    let result = lock(&sandbox, &["prod-db"]);
    assert_eq!(result.code, Some(3), "{result:?}");
    assert_eq!(lines(&sandbox).len(), 2);
}

#[test]
fn a_check_says_what_was_checked() {
    let sandbox = repository();
    program(&sandbox, "app");
    sandbox.write("other", step("send", r#"["api-token"]"#));
    sandbox.ok(["register", "local-db", "--user=SeNtInEl"]);
    lock(&sandbox, &["--from", "app"]);
    let backend = "--against-backend";
    for (arguments, said) in [
        (&["prod-db"][..], "has `prod-db`\n"),
        (&["local.api-token"], "has `local.api-token`\n"),
        (&["prod-db", "blob"], "has the 2 sources that are named\n"),
        (&["prod-db", "--from", "other"], "has `prod-db` and what 1 step declares\n"),
        (&["--from", "app"], "has what 2 steps declare\n"),
        (&["--from", "app", backend], "has what 2 steps declare, and agrees with the backends\n"),
        (&["prod-db", backend], "has `prod-db`, and agrees with the backends\n"),
        (&[backend], "agrees with the backends\n"),
        (&[], "can be read; name sources, or a program with --from"),
    ] {
        let result = lock(&sandbox, &[&["--check"], arguments].concat());
        assert_eq!(result.code, Some(0), "{result:?}");
        assert!(
            result.stderr.contains(&format!("secrets.lock {said}")),
            "{arguments:?}: {result:?}"
        );
    }
    let json = lock(&sandbox, &["--check", "prod-db", "blob", "--format=json"]);
    let json: Value = serde_json::from_str(&json.text()).unwrap();
    let expected =
        json!({ "file": "secrets.lock", "ok": true, "secrets": 5, "sources": 2, "steps": 0 });
    assert_eq!(json, expected);
}
