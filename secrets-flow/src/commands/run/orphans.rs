//! Processes that a step has started and that its group does not have, because they have made sessions of their own. When
//! their parents have ended, Linux makes them children of this process, which ends them with the step.
//!
//! While a step runs it is the parent of its own orphans. So the children that this process has adopted are those of steps
//! that have ended. Linux does not say which are adopted. It lists them as children of the main thread, where those that
//! another thread has started are only when that thread has ended. What is in the group of this process is its own too,
//! since a step leads another one. So these two are mistaken:
//!
//! - a child in a group of its own, which a thread of the program has started before it ended, and what such a child leaves
//!   in a session of its own: it is killed with a step
//! - a process of a step that joins the group of this process: it is not killed

use std::{
    fs, process, thread,
    time::{Duration, Instant},
};

use rustix::process::{
    Pid, Signal, WaitOptions, getpgid, getpgrp, getpid, getppid, kill_process, set_child_subreaper,
    set_parent_process_death_signal, waitpid,
};

/// How long processes that were killed may take to be gone.
const GRACE: Duration = Duration::from_millis(200);

/// Makes this process the parent of processes whose own parent has ended. On a system that has no way to do so, they
/// live on.
pub fn adopt() {
    let _ = set_child_subreaper(Some(getpid()));
}

/// Makes this process, which is a step, end if the process that has started it, which has this id, ends before.
pub fn end_with_parent(parent: i32) {
    let _ = set_parent_process_death_signal(Some(Signal::TERM));
    // If it has ended already, another process is the parent.
    if getppid().map(Pid::as_raw_pid) != Some(parent) {
        process::exit(128 + Signal::TERM.as_raw());
    }
}

/// What this process has adopted from steps.
#[derive(Debug, Clone)]
pub struct Orphans {
    /// The children that this process had before it started a step: they are the program's own.
    own: Vec<Pid>,
}

impl Orphans {
    pub fn new() -> Self {
        adopt();
        Self { own: children() }
    }

    /// Kills what steps that have ended have left, but not these processes.
    pub fn kill(&self, spared: &[Pid]) {
        let end = Instant::now() + GRACE;
        let group = getpgrp();
        // The children of a process that is killed become those of this process.
        loop {
            let mut left = children_of(&getpid().to_string());
            left.retain(|pid| !self.own.contains(pid) && !spared.contains(pid));
            left.retain(|pid| getpgid(Some(*pid)) != Ok(group));
            // One that is gone by now may have left children since they were listed.
            if left.is_empty() || Instant::now() > end {
                return;
            }
            left.retain(|pid| !is_gone(*pid));
            for pid in left {
                let _ = kill_process(pid, Signal::KILL);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The children of all threads of this process.
fn children() -> Vec<Pid> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    threads.flat_map(|thread| children_of(&thread.file_name().to_string_lossy())).collect()
}

/// The children of a thread. Where Linux does not list them there are none.
fn children_of(thread: &str) -> Vec<Pid> {
    let list = fs::read_to_string(format!("/proc/self/task/{thread}/children"));
    let list = list.unwrap_or_default();
    let pids = list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter_map(Pid::from_raw).collect()
}

/// Waits for a process that has ended, and returns whether it has.
fn is_gone(pid: Pid) -> bool {
    !matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None))
}
