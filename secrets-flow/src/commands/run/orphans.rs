//! Processes that a step has started and that its group does not have, because they have made sessions of their own. When
//! their parents have ended, Linux makes them children of this process, which ends them with the step.
//!
//! While a step runs it is the parent of its own orphans. So all children of this process that are not steps are those
//! of steps that have ended.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    process, thread,
    time::{Duration, Instant},
};

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, getppid, kill_process, set_child_subreaper,
    set_parent_process_death_signal, waitpid,
};

use crate::mask::filter;

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

/// The children that this process had before it started a step: they are the program's own.
#[derive(Debug, Clone)]
pub struct Orphans {
    own: Vec<Pid>,
}

impl Orphans {
    pub fn new() -> Self {
        adopt();
        Self { own: children() }
    }

    /// Kills what steps that have ended have left. `running` are the processes of the other steps.
    pub fn kill(&self, running: &[Pid]) {
        let end = Instant::now() + GRACE;
        // The children of a process that is killed become those of this process.
        loop {
            let mut left = children();
            left.retain(|pid| !self.own.contains(pid) && !running.contains(pid));
            left.retain(|pid| !masks(*pid));
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

/// The children of this process. Where Linux does not list them there are none.
fn children() -> Vec<Pid> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = threads.map(|thread| fs::read_to_string(thread.path().join("children")));
    let lists: String = lists.map(Result::unwrap_or_default).collect();
    let pids = lists.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter_map(Pid::from_raw).collect()
}

/// Whether this is the process that masks the last lines of a step. It ends by itself. Any program can have its name, and so
/// it has to be this program too.
fn masks(pid: Pid) -> bool {
    let program = |process: &str| fs::metadata(format!("/proc/{process}/exe")).ok();
    let is_this = program(&pid.to_string())
        .zip(program("self"))
        .is_some_and(|(one, this)| (one.dev(), one.ino()) == (this.dev(), this.ino()));
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let is_named = line.strip_prefix(filter::NAME.as_bytes());
    is_this && is_named.is_some_and(|rest| rest.first() == Some(&0))
}

/// Waits for a process that has ended, and returns whether it has.
fn is_gone(pid: Pid) -> bool {
    !matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None))
}
