//! The signals that end a run.

use std::{
    io, process,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    iterator::Signals,
};

#[cfg(target_os = "linux")]
use crate::commands::run::orphans::Orphans;

/// The groups of processes that run.
#[derive(Debug, Clone)]
pub struct RunningGroups {
    /// The process that leads each.
    leaders: Arc<Mutex<Vec<Pid>>>,
    #[cfg(target_os = "linux")]
    orphans: Orphans,
}

impl RunningGroups {
    pub fn new() -> Self {
        Self {
            leaders: Arc::default(),
            #[cfg(target_os = "linux")]
            orphans: Orphans::new(),
        }
    }

    pub fn add(&self, group: Pid) {
        self.leaders().push(group);
    }

    pub fn remove(&self, group: Pid) {
        self.leaders().retain(|one| *one != group);
    }

    /// Kills what steps that have ended have left outside of their groups, but for the processes that mask.
    #[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "none are found"))]
    pub fn kill_orphans(&self, masks: &[Pid]) {
        #[cfg(target_os = "linux")]
        self.orphans.kill(&[&self.leaders(), masks].concat());
    }

    fn send(&self, signal: Signal) {
        for group in self.leaders().iter() {
            let _ = kill_process_group(*group, signal);
        }
    }

    /// Kills all of them, and ends this process.
    fn end(&self, signal: i32) -> ! {
        self.send(Signal::KILL);
        #[cfg(target_os = "linux")]
        self.orphans.kill(&[]);
        process::exit(128 + signal);
    }

    fn leaders(&self) -> MutexGuard<'_, Vec<Pid>> {
        self.leaders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long this process may take to end after a signal. Steps that do not end are killed before.
const MAX_SHUTDOWN: Duration = Duration::from_secs(15);

/// Calls `received` with the signal that asks this process to end, and asks what runs to end too. The second one kills what
/// runs, and so does time: this process may be blocked, as by a terminal that nobody reads.
pub fn watch(groups: RunningGroups, received: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
    thread::spawn(move || {
        let mut signals = signals.forever();
        if let Some(signal) = signals.next() {
            received(signal);
            groups.send(Signal::TERM);
            let groups = groups.clone();
            thread::spawn(move || {
                thread::sleep(MAX_SHUTDOWN);
                groups.end(signal);
            });
        }
        if let Some(signal) = signals.next() {
            groups.end(signal);
        }
    });
    Ok(())
}
