//! A lock that another program does not release.

use std::{
    fs::{self, File, OpenOptions},
    io::Read,
    os::unix::fs::PermissionsExt,
};

use crate::support::{CliOutput, Sandbox};

/// Holds a lock, as a program does that was stopped.
fn hold(path: &std::path::Path) -> File {
    let lock = OpenOptions::new().write(true).open(path).unwrap();
    lock.lock().unwrap();
    lock
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> CliOutput {
    CliOutput::new(sandbox.command(arguments).env("SECRETS_TIMEOUT", "2").output().unwrap())
}

#[test]
fn a_command_that_waits_for_a_lock_says_so_and_gives_up() {
    let sandbox = Sandbox::new();
    for name in ["db", "other"] {
        sandbox.ok(["register", name, "--v=1"]);
    }
    sandbox.write("all.json", r#"{"db": {"v": "5"}, "new": {"v": "5"}}"#);
    let path = sandbox.path().join("store/.lock");
    let lock = hold(&path);
    let commands = [
        &["update", "db", "--v=5"][..],
        &["register", "new", "--v=5"],
        &["delete", "db", "--yes"],
        &["rename", "db", "new"],
        &["import", "all.json"],
    ];
    std::thread::scope(|scope| {
        for arguments in commands {
            let (sandbox, path) = (&sandbox, &path);
            scope.spawn(move || {
                let result = run(sandbox, arguments);
                result.assert_fails(6);
                let (note, error) = result.stderr.split_once("error: ").unwrap();
                assert!(note.contains("waiting for another process"), "{result:?}");
                for text in [note, error] {
                    assert!(text.contains(path.to_str().unwrap()), "{result:?}");
                }
                assert!(error.contains("nothing was changed"), "{result:?}");
            });
        }
    });
    // Reading does not wait.
    assert_eq!(sandbox.ok(["list"]), "db\nother\n");
    assert_eq!(sandbox.ok(["get", "db", "--reveal"]), "v=1\n");
    drop(lock);
    assert_eq!(run(&sandbox, &["update", "db", "--v=5"]).stderr, "updated `db` in local\n");
}

#[test]
fn the_first_key_is_waited_for_in_the_same_way() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path().join("keys")).unwrap();
    let draft = sandbox.path().join("keys/.key.jwk.draft");
    fs::write(&draft, "").unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o600)).unwrap();
    let lock = hold(&draft);
    let result = run(&sandbox, &["register", "db", "--v=1"]);
    result.assert_fails(6);
    assert!(result.stderr.contains("waiting for another process"), "{result:?}");
    assert!(result.stderr.contains(draft.to_str().unwrap()), "{result:?}");
    drop(lock);
    sandbox.ok(["register", "db", "--v=1"]);
}

#[test]
fn a_lock_that_becomes_free_in_time_is_taken() {
    let sandbox = Sandbox::new();
    sandbox.ok(["register", "db", "--v=1"]);
    let lock = hold(&sandbox.path().join("store/.lock"));
    let mut command = sandbox.command(["update", "db", "--v=5"]);
    command.stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It says that it waits, and then it is let go on.
    let mut seen = Vec::new();
    let mut out = child.stderr.take().unwrap();
    while !String::from_utf8_lossy(&seen).contains("waiting for another process") {
        let mut byte = [0];
        assert_eq!(out.read(&mut byte).unwrap(), 1);
        seen.push(byte[0]);
    }
    drop(lock);
    assert!(child.wait().unwrap().success());
    assert_eq!(sandbox.ok(["get", "db", "--reveal"]), "v=5\n");
}
