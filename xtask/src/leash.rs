//! A process that does not outlive this one.

use std::{
    io,
    process::{Child, Command, ExitStatus, Stdio},
};

/// Waits until its input ends, which it does when this program lets go of it or dies in whatever way (a
/// panic, Ctrl-C, SIGKILL). Then it asks the group to end, and after five seconds no longer asks.
const KEEPER: &str = "
    read -r _
    kill -s TERM -- \"-$1\"
    tries=0
    while kill -s 0 -- \"-$1\" && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
    kill -s KILL -- \"-$1\"
";

/// A running process with its children. Dropping it ends them, and waits until they have ended.
#[derive(Debug)]
pub struct Leash {
    child: Child,
    keeper: Child,
}

impl Leash {
    /// Starts it, as the leader of a process group that has its process id.
    #[cfg(unix)]
    pub fn start(command: &mut Command) -> io::Result<Self> {
        use std::os::unix::process::CommandExt as _;

        // In groups of their own, or the terminal's Ctrl-C would end the keeper first.
        let mut child = command.process_group(0).stdin(Stdio::null()).spawn()?;
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", &child.id().to_string()])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match keeper {
            Ok(keeper) => Ok(Self { child, keeper }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// Process groups are Unix's.
    #[cfg(not(unix))]
    pub fn start(_: &mut Command) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // The keeper sees to it that these return. There is nobody to tell if they fail.
        let _ = self.child.wait();
        let _ = self.keeper.wait();
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
    fn dropping_it_ends_the_process_and_its_children() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & echo $!; wait"]).stdout(Stdio::piped());
        let mut leash = Leash::start(&mut command).unwrap();
        let mut grandchild = String::new();
        let output = leash.child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut grandchild).unwrap();
        let (child, grandchild) = (leash.child.id().to_string(), grandchild.trim().to_owned());
        assert!(leash.ended().unwrap().is_none() && runs(&child) && runs(&grandchild));
        drop(leash);
        assert!(!runs(&child));
        // Somebody else's to reap by now, so perhaps a zombie: it no longer holds the pipe or sleeps.
        let state = std::fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }

    #[test]
    fn one_that_will_not_listen_is_killed() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"])
            .stdout(Stdio::piped());
        let mut leash = Leash::start(&mut command).unwrap();
        let mut ready = String::new();
        BufReader::new(leash.child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let child = leash.child.id().to_string();
        drop(leash);
        assert!(!runs(&child));
    }
}
