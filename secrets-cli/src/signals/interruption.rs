//! What a signal that ends this command does: it also ends the programs of `[backends]` that the command has started, which
//! have process groups of their own.

use std::{
    sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc},
    thread,
};

use rustix::process::Signal;
use signal_hook::low_level::emulate_default_handler;

use crate::signals::Signals;

/// The signals that end this command.
const ENDING: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM];

/// How many others handle the signals at this time.
static OTHERS: Mutex<usize> = Mutex::new(0);

/// The signals, once they are watched.
static SIGNALS: OnceLock<Signals> = OnceLock::new();

/// Somebody else handles the signals, until this is dropped.
#[must_use]
pub struct Held(());

/// Watches the signals from now on. Returns whether they are watched: if not, they end this command alone.
pub fn watch() -> bool {
    let _one_at_a_time = others();
    if SIGNALS.get().is_some() {
        return true;
    }
    // Without the thread nobody would do what the signals say.
    let (start, started) = mpsc::channel::<()>();
    let thread = thread::Builder::new().spawn(move || started.recv().map(|()| attend()));
    let Ok(signals) = thread.and_then(|_| Signals::watch(&ENDING)) else { return false };
    let _ = SIGNALS.set(signals);
    start.send(()).is_ok()
}

/// Leaves the signals to the caller.
pub fn hold() -> Held {
    *others() += 1;
    Held(())
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut others = others();
        // Those that came meanwhile were handled.
        while SIGNALS.get().and_then(Signals::take).is_some() {}
        *others -= 1;
    }
}

fn attend() {
    let Some(signals) = SIGNALS.get() else { return };
    loop {
        signals.wait();
        let others = others();
        if *others > 0 {
            continue;
        }
        if let Some(signal) = signals.take() {
            #[cfg(feature = "exec")]
            secrets_runtime::backends::Exec::end_programs();
            // It ends this process, as if nobody had watched the signal.
            let _ = emulate_default_handler(signal.as_raw());
        }
    }
}

fn others() -> MutexGuard<'static, usize> {
    OTHERS.lock().unwrap_or_else(PoisonError::into_inner)
}
