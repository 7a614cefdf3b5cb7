//! The job of a shell that this command belongs to.

use rustix::process::{Pid, getpgid, getpgrp, getppid, getsid};

/// Returns whether somebody can continue this command once it has stopped: a shell that has started its process group
/// as a job. Neither the leader of a session nor an orphaned process group has one, and the system does not let Ctrl-Z
/// stop them either (POSIX, 2.4.3, "Signal Actions").
pub fn can_be_continued() -> bool {
    let Ok(session) = getsid(None) else { return true };
    let group = getpgrp();
    let mut ancestor = getppid();
    while let Some(pid) = ancestor {
        if getsid(Some(pid)) != Ok(session) {
            return false;
        }
        if getpgid(Some(pid)) != Ok(group) {
            return true;
        }
        // A script of the same job waits for this command.
        ancestor = parent_of(pid);
    }
    // Where the system does not tell the parent of a parent: the group of a session's leader is never a job.
    group != session
}

/// Returns the parent of another process. It is known on Linux.
fn parent_of(pid: Pid) -> Option<Pid> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may have any character: `4711 (sh) S 4710 ..`.
    let (_, fields) = status.rsplit_once(')')?;
    Pid::from_raw(fields.split_whitespace().nth(1)?.parse().ok()?)
}
