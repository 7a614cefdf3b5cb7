use std::{
    io::{Error, ErrorKind, Read},
    net::Shutdown,
    os::{
        fd::OwnedFd,
        unix::{
            net::UnixStream,
            process::{CommandExt, ExitStatusExt},
        },
    },
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    process::{
        Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid,
    },
};

use crate::commands::run::exit_code::TIMED_OUT;

/// How long a process that was asked to end may take before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// How long the children of a process that has ended may take to be gone, after they were killed.
const KILLED_GRACE: Duration = Duration::from_millis(200);

/// An attempt of a step: a process, which leads a group of its own.
#[derive(Debug)]
pub struct StepProcess {
    child: Child,
    pid: Pid,
    /// When it has to have ended.
    deadline: Option<Instant>,
    /// When it is killed, because it was asked to end.
    kill_at: Option<Instant>,
    has_timed_out: bool,
    status: Option<ExitStatus>,
    /// Where it reports the process that masks its outputs.
    reports: UnixStream,
    mask: Option<Pid>,
    /// How many of its outputs may still be written to.
    pub open_outputs: usize,
}

impl StepProcess {
    /// Starts the process.
    pub fn start(mut command: Command, deadline: Option<Instant>) -> Result<Self, Error> {
        let (reports, theirs) = UnixStream::pair()?;
        // It is read as `/dev/null` is.
        reports.shutdown(Shutdown::Write)?;
        reports.set_nonblocking(true)?;
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.process_group(0).spawn()?;
        let pid = Pid::from_child(&child);
        Ok(Self {
            child,
            pid,
            deadline,
            kill_at: None,
            has_timed_out: false,
            status: None,
            reports,
            mask: None,
            open_outputs: 2,
        })
    }

    /// Returns the process that masks its outputs, and that may live longer. It has reported it before its body began.
    pub fn mask(&mut self) -> Option<Pid> {
        let mut bytes = [0; size_of::<i32>()];
        if self.mask.is_none() && self.reports.read_exact(&mut bytes).is_ok() {
            self.mask = Pid::from_raw(i32::from_ne_bytes(bytes));
        }
        self.mask
    }

    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Returns the ends of its outputs.
    pub fn take_outputs(&mut self) -> Option<(ChildStdout, ChildStderr)> {
        self.child.stdout.take().zip(self.child.stderr.take())
    }

    /// Returns when something is to be done about it.
    pub fn next_time(&self) -> Option<Instant> {
        match self.status {
            Some(_) => None,
            None => self.kill_at.or(self.deadline),
        }
    }

    /// Ends the process whose time is over. Returns whether its timeout has passed just now.
    pub fn enforce_timeout(&mut self, now: Instant) -> bool {
        if self.status.is_some() {
            return false;
        }
        if self.kill_at.is_some_and(|at| at <= now) {
            self.kill();
        } else if self.kill_at.is_none() && self.deadline.is_some_and(|at| at <= now) {
            self.has_timed_out = true;
            self.ask_to_end(now);
            return true;
        }
        false
    }

    /// Asks the process and its children to end. They are killed if they have not after a while.
    pub fn ask_to_end(&mut self, now: Instant) {
        if self.status.is_none() && self.kill_at.is_none() {
            let _ = kill_process_group(self.pid, Signal::TERM);
            self.kill_at = Some(now + GRACE);
        }
    }

    /// Kills the process and its children.
    pub fn kill(&mut self) {
        if self.status.is_none() {
            let _ = kill_process_group(self.pid, Signal::KILL);
            // Once is enough.
            (self.kill_at, self.deadline) = (None, None);
        }
    }

    /// Takes note of the end of the process. As in a pod, what it has left running ends with it. Calls `forget` before its
    /// id can be that of another process.
    pub fn reap(&mut self, forget: impl FnOnce(Pid)) {
        let _ = kill_process_group(self.pid, Signal::KILL);
        forget(self.pid);
        self.status = self.child.wait().ok();
    }

    /// Returns the exit code, if the process has ended.
    pub fn exit_code(&self) -> Option<u8> {
        let status = self.status?;
        if self.has_timed_out {
            return Some(TIMED_OUT);
        }
        let killed = status.signal().map(|signal| 128 + signal);
        let code = status.code().or(killed).unwrap_or(1);
        Some(u8::try_from(code).unwrap_or(1))
    }
}

/// Waits until the processes of a group, which were killed, are gone. One that its new parent does not wait for stays in
/// the table, so this does not take long either.
pub fn wait_for_group(group: Pid) {
    let end = Instant::now() + KILLED_GRACE;
    while test_kill_process_group(group).is_ok() && Instant::now() < end {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until a child has ended, and leaves it to be waited for.
pub fn wait_for(pid: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
}

/// The exit code of a process that could not be started, as a shell has it.
pub fn start_code(error: &Error) -> u8 {
    if error.kind() == ErrorKind::NotFound { 127 } else { 126 }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    #[test]
    fn a_process_past_its_timeout_is_asked_to_end_and_then_killed() {
        let mut command = Command::new("sh");
        command.args(["-c", "trap 'echo asked' TERM; echo ready; while :; do sleep 0.01; done"]);
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        let mut process = StepProcess::start(command, Some(now + minute)).expect("it starts");
        let (output, _errors) = process.take_outputs().expect("it has outputs");
        let mut lines = BufReader::new(output).lines();
        let mut line = || lines.next().expect("there is a line").expect("it is text");
        assert_eq!(line(), "ready");
        assert!(!process.enforce_timeout(now), "there is time left");
        assert_eq!(process.next_time(), Some(now + minute));

        assert!(process.enforce_timeout(now + minute));
        assert_eq!(line(), "asked");
        let end = now + minute + GRACE;
        assert!(!process.enforce_timeout(end - Duration::from_millis(1)));
        assert_eq!((process.next_time(), process.exit_code()), (Some(end), None));
        assert!(!process.enforce_timeout(end), "it is said once");
        wait_for(process.pid());
        process.reap(|_| {});
        assert_eq!((process.exit_code(), process.next_time()), (Some(TIMED_OUT), None));
    }

    #[test]
    fn a_process_that_was_killed_has_the_code_of_the_signal() {
        let mut command = Command::new("sh");
        command.args(["-c", "kill -9 $$"]);
        let mut process = StepProcess::start(command, None).expect("it starts");
        wait_for(process.pid());
        process.reap(|_| {});
        assert_eq!(process.exit_code(), Some(137));
    }

    #[test]
    fn a_process_is_forgotten_before_its_id_can_be_that_of_another() {
        let mut process = StepProcess::start(Command::new("true"), None).expect("it starts");
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let mut is_there = false;
        process.reap(|pid| is_there = waitid(WaitId::Pid(pid), options).is_ok());
        assert!(is_there, "somebody has waited for it");
        assert!(process.exit_code().is_some());
    }

    #[test]
    fn the_input_of_a_process_is_empty_and_takes_the_report() {
        let mut command = Command::new("sh");
        // Bytes that are one number in each order.
        command.args(["-c", "cat; printf '\\1\\1\\1\\1' >&0"]);
        let mut process = StepProcess::start(command, None).expect("it starts");
        wait_for(process.pid());
        assert_eq!(process.mask(), Pid::from_raw(0x0101_0101));
        process.reap(|_| {});
        assert_eq!(process.exit_code(), Some(0));
    }
}
