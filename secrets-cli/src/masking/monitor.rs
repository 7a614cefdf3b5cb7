//! The process between this command and a program on a pseudo-terminal. It leads the session of that terminal, and
//! does what the program does: it stops, continues, and ends with its exit code.

use std::{
    ffi::OsString,
    io,
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Command, ExitCode},
};

use rustix::{
    process::{Pid, Signal, getpid, ioctl_tiocsctty, kill_process, kill_process_group, setsid},
    termios::{isatty, tcgetpgrp, tcsetpgrp},
};

use crate::{
    exit,
    failure::Failure,
    masking::child_events::{ChildEvent, ChildEvents},
    output::reporter::Reporter,
    process::core_files,
};

/// The name under which this command starts itself as a monitor.
pub const NAME: &str = "secrets-terminal";

/// Runs the program of the command line, if this process was started as a monitor.
pub fn run_if_started(
    typed: &[OsString],
    launch_error: fn(&std::ffi::OsStr, &io::Error) -> Failure,
) -> Option<ExitCode> {
    let [name, format, program, arguments @ ..] = typed else { return None };
    if name != NAME {
        return None;
    }
    // Its environment has the secrets that are the program's.
    core_files::disable();
    let reporter = Reporter::new(format == "json");
    let report = |failure: Failure| {
        reporter.failure(&failure);
        exit::code(&failure)
    };
    let mut command = Command::new(program);
    command.args(arguments).process_group(0);
    let (input, output, errors) = (io::stdin(), io::stdout(), io::stderr());
    let all = [input.as_fd(), output.as_fd(), errors.as_fd()];
    let terminal = all.into_iter().find(|fd| isatty(fd)).unwrap_or(input.as_fd());
    let _ = setsid().and_then(|_| ioctl_tiocsctty(terminal));
    let started = ChildEvents::signals(&[]).and_then(|signals| {
        core_files::restore_limit();
        let child = command.spawn().map(|child| Pid::from_child(&child));
        // First of all: until then the program is in the background.
        let _ = child.as_ref().map(|child| tcsetpgrp(terminal, *child));
        core_files::disable();
        Ok((child?, signals))
    });
    let (child, signals) = match started {
        Ok(started) => started,
        Err(error) => return Some(report(launch_error(program, &error))),
    };
    let events = ChildEvents::of(child, signals);
    // Whether Ctrl-Z was typed since the program stopped last.
    let mut is_stop_typed = false;
    loop {
        match events.next() {
            ChildEvent::Ended(code) => {
                return Some(ExitCode::from(u8::try_from(code).unwrap_or(1)));
            }
            ChildEvent::Stopped(signal) => {
                let is_early = signal == Signal::TTIN.as_raw() || signal == Signal::TTOU.as_raw();
                let has_terminal = tcgetpgrp(terminal).is_ok_and(|group| group == child);
                // It has used the terminal before that was its own.
                let goes_on = is_early && has_terminal;
                if !goes_on {
                    // The command above stops too, and lets this process continue when it does itself.
                    let _ = kill_process(getpid(), Signal::STOP);
                }
                let _ = kill_process_group(child, Signal::CONT);
                // A program that continues loses what was to stop it.
                if std::mem::take(&mut is_stop_typed) && goes_on {
                    let _ = kill_process_group(child, Signal::TSTP);
                }
            }
            ChildEvent::Received(signal) => {
                // What is typed is for everything in the foreground.
                is_stop_typed |= signal == Signal::TSTP;
                let is_typed = matches!(signal, Signal::INT | Signal::QUIT | Signal::TSTP);
                let _ = match is_typed {
                    true => kill_process_group(child, signal),
                    false => kill_process(child, signal),
                };
            }
        }
    }
}
