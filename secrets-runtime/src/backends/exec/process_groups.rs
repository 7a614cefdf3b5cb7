//! The programs that run, so that they can be ended before the process ends.

use std::{
    io,
    process::{Child, Command},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::rt::process_local::ProcessLocal;

/// A child of `fork` has none.
static GROUPS: ProcessLocal<Mutex<ProcessGroups>> = ProcessLocal::new();

/// The process groups of programs that run or that nobody has waited for, so that their numbers are theirs.
#[derive(Default)]
struct ProcessGroups {
    pids: Vec<Pid>,
    /// Whether no further program is started.
    is_over: bool,
}

/// Starts a program, which leads a process group.
pub(super) fn start(command: &mut Command) -> io::Result<Child> {
    let mut groups = lock();
    if groups.is_over {
        return Err(io::Error::new(io::ErrorKind::Interrupted, "the process is about to end"));
    }
    let child = command.spawn()?;
    groups.pids.extend(Pid::from_raw(child.id().cast_signed()));
    Ok(child)
}

/// Forgets a program before somebody waits for it, or if somebody else has.
pub(super) fn forget(group: Pid) {
    lock().pids.retain(|known| *known != group);
}

/// Ends all programs with their process groups, and lets no further one start.
pub(super) fn end_all() {
    let mut groups = lock();
    groups.is_over = true;
    for group in groups.pids.drain(..) {
        // There may be none left.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn lock() -> MutexGuard<'static, ProcessGroups> {
    GROUPS.get().lock().unwrap_or_else(PoisonError::into_inner)
}
