//! A store and another key than its own.

use std::{fs, process::Stdio};

use crate::support::{CliOutput, Sandbox};

/// Runs the command with the key of another store.
fn with_other_key(sandbox: &Sandbox, arguments: &[&str], stdin: &str) -> CliOutput {
    sandbox.write("stdin", stdin);
    let mut command = sandbox.command(arguments);
    command.env("SECRETS_LOCAL_KEY_FILE", sandbox.path().join("other/key.jwk"));
    let input = fs::File::open(sandbox.path().join("stdin")).unwrap();
    CliOutput::new(command.stdin(Stdio::from(input)).output().unwrap())
}

fn make_other_key(sandbox: &Sandbox) {
    let mut command = sandbox.command(["register", "theirs", "--v=SeNtInEl"]);
    command.env("SECRETS_LOCAL_KEY_FILE", sandbox.path().join("other/key.jwk"));
    command.env("SECRETS_LOCAL_DIR", sandbox.path().join("other-store"));
    assert!(command.output().unwrap().status.success());
}

fn files(sandbox: &Sandbox) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(sandbox.path().join("store")).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn no_command_writes_with_the_key_of_another_store() {
    let sandbox = Sandbox::new();
    for name in ["mine", "other"] {
        sandbox.ok(["register", name, "--a=SeNtInEl"]);
    }
    make_other_key(&sandbox);
    let before = files(&sandbox);
    let json = r#"{"newone": {"a": "SeNtInEl"}}"#;
    for (arguments, stdin) in [
        (&["register", "newone", "--a=SeNtInEl"][..], ""),
        (&["register", "newone", "--plain=SeNtInEl"], ""),
        (&["import", "-"], json),
        (&["import", "-", "--name", "newone"], "A=SeNtInEl\n"),
        (&["import", "-"], r#"{"mine": {"a": "SeNtInEl"}}"#),
        (&["update", "mine", "--a=SeNtInEl"], ""),
        (&["rename", "mine", "newone"], ""),
    ] {
        let result = with_other_key(&sandbox, arguments, stdin);
        result.assert_fails(4);
        assert!(result.stderr.contains("key"), "{result:?}");
        assert!(files(&sandbox) == before, "{arguments:?} changed the store");
    }
    let doctor = with_other_key(&sandbox, &["doctor"], "");
    assert_eq!(doctor.code, Some(4), "{doctor:?}");
    assert!(doctor.text().contains("was written with the key"), "{doctor:?}");
    // The key in another place is the key.
    fs::create_dir(sandbox.path().join("other-place")).unwrap();
    fs::copy(sandbox.path().join("keys/key.jwk"), sandbox.path().join("other-place/k")).unwrap();
    let mut command = sandbox.command(["register", "newone", "--a=1"]);
    command.env("SECRETS_LOCAL_KEY_FILE", sandbox.path().join("other-place/k"));
    assert!(command.output().unwrap().status.success());
    assert_eq!(sandbox.ok(["get", "newone", "--reveal"]), "a=1\n");
}

#[test]
fn one_file_of_another_key_is_named_by_doctor_and_by_an_export_of_all() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "z"] {
        sandbox.ok(["register", name, "--a=SeNtInEl"]);
    }
    make_other_key(&sandbox);
    for entry in fs::read_dir(sandbox.path().join("other-store")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jwe") {
            fs::copy(&path, sandbox.path().join("store").join(path.file_name().unwrap())).unwrap();
        }
    }
    let doctor = sandbox.run(["doctor"]);
    assert_eq!(doctor.code, Some(4), "{doctor:?}");
    for text in [doctor.text(), doctor.stderr] {
        assert_eq!(text.matches("was written with the key").count(), 1, "{text}");
        assert!(text.contains("theirs"), "{text}");
    }
    for format in ["json", "dotenv", "shell"] {
        let result = sandbox.run(["export", "--all", "--format", format]);
        result.assert_fails(4);
        assert_eq!(result.stderr.matches("was written with the key").count(), 1, "{result:?}");
        assert!(result.stderr.contains("theirs"), "{result:?}");
    }
    let list = sandbox.run(["list"]);
    assert_eq!((list.code, list.text().as_str()), (Some(4), "a\nb\ntheirs\nz\n"), "{list:?}");
    assert_eq!(list.stderr.matches("theirs-").count(), 1, "{list:?}");
    sandbox.ok(["register", "new", "--a=1"]);
    sandbox.ok(["delete", "theirs", "--yes"]);
    sandbox.ok(["doctor"]);
}
