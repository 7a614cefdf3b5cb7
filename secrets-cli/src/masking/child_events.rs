use std::io;

use rustix::process::{Pid, Signal, WaitOptions, waitpid};

use crate::process::signals::Signals;

/// The signals that are passed on to the program.
const FOR_PROGRAM: [Signal; 7] = [
    Signal::INT,
    Signal::TERM,
    Signal::HUP,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::TSTP,
];

/// What becomes of a child, and the signals that this process receives meanwhile.
pub struct ChildEvents {
    child: Pid,
    signals: Signals,
}

pub enum ChildEvent {
    Received(Signal),
    /// The child was stopped by the signal with this number.
    Stopped(i32),
    /// The child has ended, with the exit code that a shell reports: 128 + n if the signal n killed it.
    Ended(i32),
}

impl ChildEvents {
    /// Watches a child, and the signals that [`signals`](Self::signals) has begun to watch before the child was started.
    pub fn of(child: Pid, signals: Signals) -> Self {
        Self { child, signals }
    }

    /// Begins to watch the signals that are for the program, these others, and the one that a child has changed.
    pub fn signals(others: &[Signal]) -> io::Result<Signals> {
        let all = FOR_PROGRAM.iter().chain(others).copied().chain([Signal::CHILD]);
        Signals::watch(&all.collect::<Vec<_>>())
    }

    /// Waits for the next event.
    pub fn next(&self) -> ChildEvent {
        loop {
            match self.signals.take() {
                Some(Signal::CHILD) | None => {}
                Some(signal) => return ChildEvent::Received(signal),
            }
            match waitpid(Some(self.child), WaitOptions::NOHANG | WaitOptions::UNTRACED) {
                Ok(Some((_, status))) => {
                    if let Some(signal) = status.stopping_signal() {
                        return ChildEvent::Stopped(signal);
                    }
                    let killed = status.terminating_signal().map(|signal| 128 + signal);
                    return ChildEvent::Ended(status.exit_status().or(killed).unwrap_or(1));
                }
                Ok(None) => self.signals.wait(),
                Err(rustix::io::Errno::INTR) => {}
                // It is not there any more.
                Err(_) => return ChildEvent::Ended(1),
            }
        }
    }
}
