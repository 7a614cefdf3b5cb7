//! What becomes of the programs when a signal ends the command.

use std::{
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, Stdio},
    thread::sleep,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    commands::exec::{sandbox, write_program},
    support::Sandbox,
};

/// A program that writes its number to a file, starts a child that does so too, and does not end.
const SLEEPING: &str = "folder=$(dirname \"$0\")
sleep 600 & echo $! > \"$folder/child\"
echo $$ > \"$folder/new\"; mv \"$folder/new\" \"$folder/pid\"
wait; sleep 600";

/// Waits until something is there.
#[track_caller]
fn until<T>(what: &str, found: impl Fn() -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(found) = found() {
            return found;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("{what}: nothing after 10 seconds");
}

fn number_in(path: &Path) -> Option<i32> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Whether a process is there. One that has ended may not have been waited for.
fn is_running(number: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| &rest[..1]);
    state.is_some_and(|state| state != "Z" && state != "X")
}

/// Starts a command whose program sleeps. Returns it with the numbers of the program and its child.
#[cfg(target_os = "linux")]
fn start(sandbox: &Sandbox, arguments: &[&str]) -> (Child, [i32; 2]) {
    let mut command = sandbox.command_with_signals("--default-signal", arguments);
    command.env("SECRETS_CONFIG", sandbox.path().join("secrets.toml"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let numbers = ["pid", "child"]
        .map(|name| until("the program has started", || number_in(&sandbox.path().join(name))));
    (child, numbers)
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_ends_the_command_ends_its_programs() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        for arguments in [
            &["resolve", "op.x"][..],
            &["run", "op.x", "--", "true"],
            &["check", "op.x"],
            &["get", "x", "--backend", "op"],
        ] {
            let sandbox = sandbox();
            write_program(&sandbox, "op", SLEEPING);
            let (mut child, numbers) = start(&sandbox, arguments);
            kill_process(pid(&child), signal).unwrap();
            let status = child.wait().unwrap();
            assert_eq!(status.signal(), Some(signal.as_raw()), "{arguments:?}: {status}");
            for number in numbers {
                until("the program has ended", || (!is_running(number)).then_some(()));
            }
        }
    }
}

/// As `nohup` starts it.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_ends_nothing() {
    let sandbox = sandbox();
    write_program(&sandbox, "op", "echo $$ > \"$(dirname \"$0\")/pid\"; sleep 1; echo SeNtInEl");
    let arguments = ["run", "op.x", "--", "printenv", "x"];
    let mut command = sandbox.command_with_signals("--ignore-signal=HUP", &arguments);
    command.env("SECRETS_CONFIG", sandbox.path().join("secrets.toml"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    until("the program has started", || number_in(&sandbox.path().join("pid")));
    kill_process(pid(&child), Signal::HUP).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "SeNtInEl\n", "{output:?}");
}
