//! The program without Flyte around it: the task runs in its process, and describes itself.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{
    fs,
    process::{Command, Output},
};

/// Runs the program with its secret in files. Returns what it prints, which does not have the password.
fn run(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("prod-db");
    fs::create_dir(&secret).unwrap();
    fs::write(secret.join("user"), "app").unwrap();
    fs::write(secret.join("password"), "SeNtInEl-password").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_secrets-engines-flyte"));
    command.args(arguments).current_dir(folder.path());
    command.env("SECRETS_DEFAULT_BACKEND", "file").env("SECRETS_FILE_DIR", folder.path());
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (printed, errors) = (String::from_utf8(stdout).unwrap(), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{errors}");
    assert!(!printed.contains("SeNtInEl") && !errors.contains("SeNtInEl"));
    printed
}

#[test]
fn a_task_returns_what_its_step_returns() {
    assert_eq!(run(&[]), "10 rows as app\n");
}

#[test]
fn the_interface_is_that_of_the_task() {
    let interface = run(&["describe-interface"]);
    assert!(interface.contains("\"pipeline\"") && interface.contains("\"rows\""), "{interface}");
}
