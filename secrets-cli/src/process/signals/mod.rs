//! Signals that this command receives.

pub mod interruption;

use std::{
    io::{self, Read},
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::process::Signal;
use signal_hook::{flag, low_level::pipe};

/// The signals with which the system only reports something: a child has changed, this process was continued, the window has another
/// size.
const FOR_THIS_PROCESS: [Signal; 3] = [Signal::CHILD, Signal::CONT, Signal::WINCH];

/// Signals that this process receives, and that do nothing else.
pub struct Signals {
    received: Vec<(Signal, Arc<AtomicBool>)>,
    wake: UnixStream,
}

impl Signals {
    /// Watches these signals. Those that this process ignores stay ignored, also by the programs that it starts, except
    /// those by which the system reports something to this process.
    pub fn watch(signals: &[Signal]) -> io::Result<Self> {
        let (wake, sender) = UnixStream::pair()?;
        let mut received = Vec::new();
        let ignored = ignored();
        let is_ignored = |signal: &Signal| {
            !FOR_THIS_PROCESS.contains(signal) && ignored >> (signal.as_raw() - 1) & 1 == 1
        };
        for signal in signals.iter().filter(|signal| !is_ignored(signal)) {
            let is_received = Arc::new(AtomicBool::new(false));
            // The flag is set before the byte arrives.
            flag::register(signal.as_raw(), is_received.clone())?;
            pipe::register(signal.as_raw(), sender.try_clone()?)?;
            received.push((*signal, is_received));
        }
        Ok(Self { received, wake })
    }

    /// Returns the signals that are watched: those that this process does not ignore.
    pub fn watched(&self) -> impl Iterator<Item = Signal> {
        self.received.iter().map(|(signal, _)| *signal)
    }

    /// Returns a signal that was received, once.
    pub fn take(&self) -> Option<Signal> {
        let mut all = self.received.iter();
        all.find(|(_, is_received)| is_received.swap(false, Ordering::SeqCst))
            .map(|(signal, _)| *signal)
    }

    /// Waits for a signal.
    pub fn wait(&self) {
        // Whatever it returns, the signals are looked at again.
        let _ = (&self.wake).read(&mut [0; 64]);
    }
}

/// Returns a bit for each signal that this process ignores. They are known on Linux.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
}
