//! The first process of a container. For the kernel it differs from all others: a signal without a handler does nothing to
//! it, and when it ends, every other process is killed. As that process, the program starts itself again for the steps,
//! and looks after what it has started.

use std::{io, os::unix::process::CommandExt};

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, setpgid, wait, waitpid},
    termios::{isatty, tcsetpgrp},
};
use signal_hook::{
    consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2},
    iterator::Signals,
};

use crate::{arguments::UNDER_SUPERVISOR, failure::CommandFailure, program};

/// The signals that are passed on.
const PASSED_ON: [i32; 6] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];

/// Whether this is the first process.
pub fn is_needed() -> bool {
    std::process::id() == 1
}

/// Runs the command line of this process in a child, passes signals on to it, and returns its exit code when its output
/// has been written.
pub fn run() -> Result<u8, CommandFailure> {
    supervise().map_err(|error| {
        CommandFailure::Other(format!("the program cannot be started again: {error}"), 1)
    })
}

fn supervise() -> io::Result<u8> {
    // The process that masks joins this group, which the steps are not in. So it can be waited for when the process
    // that has started it is gone. The leader of a session leads its group already, and cannot be moved.
    let _ = setpgid(None, None);
    let mut signals = Signals::new(PASSED_ON.iter().chain([&SIGCHLD]))?;
    let mut command = program::command();
    command.arg(UNDER_SUPERVISOR).args(std::env::args_os().skip(1)).process_group(0);
    let child = Pid::from_child(&command.spawn()?);
    // A terminal is for the steps. One that was read before they had it has stopped them.
    if isatty(io::stdin()) && tcsetpgrp(io::stdin(), child).is_ok() {
        let _ = kill_process(child, Signal::CONT);
    }
    let code = forward_signals(&mut signals, child);
    // Without an id it waits for this group alone: for the last output of a step. What the steps have left running ends
    // with this process.
    while matches!(waitpid(None, WaitOptions::empty()), Ok(_) | Err(Errno::INTR)) {}
    Ok(code)
}

/// Forwards signals to a child until it ends, and returns its exit code. All children are waited for: those that others
/// have left are this process's.
fn forward_signals(signals: &mut Signals, child: Pid) -> u8 {
    for signal in signals.forever() {
        if let Some(signal) = Signal::from_named_raw(signal).filter(|it| *it != Signal::CHILD) {
            let _ = kill_process(child, signal);
            continue;
        }
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == child => return exit_code(status),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) | Err(_) => break,
            }
        }
    }
    1
}

fn exit_code(status: WaitStatus) -> u8 {
    let killed = status.terminating_signal().map(|signal| 128 + signal);
    let code = status.exit_status().or(killed).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}
