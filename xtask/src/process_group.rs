//! A process and its children, none of which outlives this program.

use std::{
    io,
    process::{Child, Command, ExitStatus, Stdio},
};

/// Waits until its input ends, which happens when this program closes it or dies, however it dies (a panic,
/// Ctrl-C, SIGKILL). Then it asks the group to end, and kills it after five seconds.
const WATCHDOG: &str = "
    read -r _
    kill -s TERM -- \"-$1\"
    tries=0
    while kill -s 0 -- \"-$1\" && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
    kill -s KILL -- \"-$1\"
";

/// A running process and its children. Dropping it ends them and waits until they have ended.
#[derive(Debug)]
pub struct ProcessGroup {
    child: Child,
    watchdog: Child,
}

impl ProcessGroup {
    /// Starts a process as the leader of a process group that has its process id.
    #[cfg(unix)]
    pub fn start(command: &mut Command) -> io::Result<Self> {
        use std::os::unix::process::CommandExt as _;

        // Each in a group of its own, or Ctrl-C in a terminal would end the watchdog first.
        let mut child = command.process_group(0).stdin(Stdio::null()).spawn()?;
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog", &child.id().to_string()])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match watchdog {
            Ok(watchdog) => Ok(Self { child, watchdog }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// Only Unix has process groups.
    #[cfg(not(unix))]
    pub fn start(_: &mut Command) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns the exit status of the process, if it has ended.
    pub fn exit_status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // The watchdog makes sure that these return. A failure cannot be reported from here.
        let _ = self.child.wait();
        let _ = self.watchdog.wait();
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};

    fn runs(id: &str) -> bool {
        let status =
            Command::new("sh").args(["-c", "kill -s 0 \"$1\" 2>/dev/null", "sh", id]).status();
        status.unwrap().success()
    }

    #[test]
    fn dropping_a_group_ends_the_process_and_its_children() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & echo $!; wait"]).stdout(Stdio::piped());
        let mut group = ProcessGroup::start(&mut command).unwrap();
        let mut grandchild = String::new();
        let output = group.child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut grandchild).unwrap();
        let (child, grandchild) = (group.child.id().to_string(), grandchild.trim().to_owned());
        assert!(group.exit_status().unwrap().is_none() && runs(&child) && runs(&grandchild));
        drop(group);
        assert!(!runs(&child));
        // Another process has to reap it, so it may be a zombie for a while.
        let state = std::fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }

    #[test]
    fn a_process_that_ignores_the_signal_is_killed() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"])
            .stdout(Stdio::piped());
        let mut group = ProcessGroup::start(&mut command).unwrap();
        let mut ready = String::new();
        BufReader::new(group.child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let child = group.child.id().to_string();
        drop(group);
        assert!(!runs(&child));
    }
}
