//! Processes that are this program again, started for one of its tests.

use std::{env, process::Command};

/// The name under which a program knows its test: `module` is the test's `module_path!()`, or empty for the
/// root.
pub fn name(module: &str, test: &str) -> String {
    match module.split_once("::") {
        Some((_, module)) => format!("{module}::{test}"),
        None => test.to_owned(),
    }
}

/// A process that runs this test of the program and no other, and shows what it prints.
///
/// # Panics
///
/// If the program's own path is unknown.
pub fn of_test(module: &str, test: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &name(module, test), "--nocapture"]);
    command
}
