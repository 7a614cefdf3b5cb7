//! The signals that end a run.

use std::{
    io, process,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    iterator::Signals,
};

/// The groups of processes that run.
#[derive(Debug, Clone, Default)]
pub struct RunningGroups(Arc<Mutex<Vec<Pid>>>);

impl RunningGroups {
    pub fn add(&self, group: Pid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(group);
    }

    pub fn remove(&self, group: Pid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|one| *one != group);
    }

    fn kill(&self) {
        for group in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = kill_process_group(*group, Signal::KILL);
        }
    }
}

/// Calls `received` with the signal that asks this process to end. The second one kills what runs, and this process ends
/// even if it is blocked.
pub fn watch(groups: RunningGroups, received: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
    thread::spawn(move || {
        let mut signals = signals.forever();
        if let Some(signal) = signals.next() {
            received(signal);
        }
        if let Some(signal) = signals.next() {
            groups.kill();
            process::exit(128 + signal);
        }
    });
    Ok(())
}
