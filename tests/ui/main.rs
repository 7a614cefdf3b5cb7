//! Programs that the macros must refuse, with the text that a user then sees, and programs they must take.

use std::{env, path::Path, process::Command};

// Programs of one kind are compiled by one run of cargo, those of two kinds by a run each.

#[test]
fn programs_that_must_compile() {
    trybuild::TestCases::new().pass("ui/pass/*/*.rs");
}

#[test]
fn programs_that_must_not_compile() {
    trybuild::TestCases::new().compile_fail("ui/fail/*/*.rs");
}

/// The programs of `ui/lock` are checked against `ui/lock/secrets.lock`. A variable names the file, so they are compiled
/// by a process of their own.
#[test]
fn lock() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/lock/secrets.lock");
    let status = Command::new(env::current_exe().unwrap())
        .args(["with_a_lock", "--exact", "--ignored", "--nocapture"])
        .env("SECRETS_LOCK", file)
        .status();
    assert!(status.unwrap().success());
}

#[test]
#[ignore = "`lock` starts it, with the variable that names the file"]
fn with_a_lock() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/lock/pass/*.rs");
    cases.compile_fail("ui/lock/fail/*.rs");
}
