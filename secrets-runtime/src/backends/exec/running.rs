//! The programs that run, so that they can be ended before the process ends.

use std::{
    io,
    process::{Child, Command},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::rt::process_local::ProcessLocal;

/// A child of `fork` has none.
static RUNNING: ProcessLocal<Mutex<Running>> = ProcessLocal::new();

/// The process groups of programs that run or that nobody has waited for, so that their numbers are theirs.
#[derive(Default)]
struct Running {
    groups: Vec<Pid>,
    /// Whether no further program is started.
    is_over: bool,
}

/// Starts a program, which leads a process group.
pub(super) fn start(command: &mut Command) -> io::Result<Child> {
    let mut running = lock();
    if running.is_over {
        return Err(io::Error::new(io::ErrorKind::Interrupted, "the process is about to end"));
    }
    let child = command.spawn()?;
    running.groups.extend(Pid::from_raw(child.id().cast_signed()));
    Ok(child)
}

/// Forgets a program before somebody waits for it, or if somebody else has.
pub(super) fn forget(group: Pid) {
    lock().groups.retain(|known| *known != group);
}

/// Ends all programs with their process groups, and lets no further one start.
pub(super) fn end_all() {
    let mut running = lock();
    running.is_over = true;
    for group in running.groups.drain(..) {
        // There may be none left.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn lock() -> MutexGuard<'static, Running> {
    RUNNING.get().lock().unwrap_or_else(PoisonError::into_inner)
}
