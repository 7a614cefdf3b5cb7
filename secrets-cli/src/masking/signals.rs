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

/// Signals that this process receives, and that do nothing else.
pub struct Signals {
    received: Vec<(Signal, Arc<AtomicBool>)>,
    wake: UnixStream,
}

impl Signals {
    /// Watches these signals. A program that is started before keeps its own way with them.
    pub fn watch(signals: &[Signal]) -> io::Result<Self> {
        let (wake, sender) = UnixStream::pair()?;
        let mut received = Vec::new();
        for signal in signals {
            let is_received = Arc::new(AtomicBool::new(false));
            // The flag is set before the byte arrives.
            flag::register(signal.as_raw(), is_received.clone())?;
            pipe::register(signal.as_raw(), sender.try_clone()?)?;
            received.push((*signal, is_received));
        }
        Ok(Self { received, wake })
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
