//! A process that forbids core dumps.

use std::{fs, os::unix::process::CommandExt, process::Command};

use secrets_runtime::process::no_core_dumps;

use crate::child::cases;

pub const CASES: &[(&str, fn())] =
    cases![a_process_that_forbids_it_is_not_dumped, a_program_that_it_starts_is_dumped_again];

/// Returns the lower and the upper limit for core files.
fn limits() -> (String, String) {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let mut words = line["Max core file size".len()..].split_whitespace().map(str::to_owned);
    (words.next().unwrap(), words.next().unwrap())
}

fn is_dumpable() -> bool {
    use rustix::process::{DumpableBehavior, dumpable_behavior};

    dumpable_behavior().unwrap() == DumpableBehavior::Dumpable
}

fn a_process_that_forbids_it_is_not_dumped() {
    let (_, upper) = limits();
    assert!(is_dumpable());
    no_core_dumps().unwrap();
    assert_eq!(limits(), ("0".to_owned(), upper.clone()));
    assert!(!is_dumpable());
    no_core_dumps().unwrap();
    assert_eq!(limits(), ("0".to_owned(), upper), "twice is once");
}

fn a_program_that_it_starts_is_dumped_again() {
    no_core_dumps().unwrap();
    // The owner of the files of a process that is not dumped is root, and their mode does not let others read.
    let mut shell = Command::new("sh");
    shell.arg0("sh").args(["-c", "test -r /proc/self/mem && ulimit -S -c \"$(ulimit -H -c)\""]);
    assert!(shell.status().unwrap().success());
}
