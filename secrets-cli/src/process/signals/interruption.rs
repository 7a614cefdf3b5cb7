//! What a signal that ends this command does: it also ends the programs of `[backends]` that the command has started, which
//! have process groups of their own.

use std::{
    io,
    os::unix::process::CommandExt,
    process::Command,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use rustix::process::Signal;
use signal_hook::{flag::register_conditional_default, low_level::emulate_default_handler};

use crate::process::signals::Signals;

/// The signals that end this command.
const ENDING: [Signal; 4] = [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM];

/// How many others handle the signals at this time. A signal is taken under this lock, and so either by the thread or by
/// another, who ends the process before the lock is free again.
static OTHERS: Mutex<usize> = Mutex::new(0);

/// The signals, once they are watched.
static SIGNALS: OnceLock<Signals> = OnceLock::new();

/// Whether the handler of a signal itself ends this process.
static ENDS_AT_ONCE: AtomicBool = AtomicBool::new(false);

/// Its owner handles the signals until it drops it. A signal that the owner has not taken by then ends this process.
#[must_use]
pub struct SignalHold(());

/// A signal ends this process at once, until this is dropped.
struct ImmediateExitGuard(());

/// Watches the signals from now on. Returns whether they are watched: if not, they end this command alone.
pub fn watch() -> bool {
    let _one_at_a_time = others();
    if SIGNALS.get().is_some() {
        return true;
    }
    // Without the thread nobody would do what the signals say.
    let (start, started) = mpsc::channel::<()>();
    let thread = thread::Builder::new().spawn(move || started.recv().map(|()| handle_signals()));
    let Ok(signals) = thread.and_then(|_| Signals::watch(&ENDING)) else { return false };
    for signal in signals.watched() {
        // After the action that records the signal: `end_at_once` finds the record if this action has not found it.
        let _ = register_conditional_default(signal.as_raw(), &ENDS_AT_ONCE);
    }
    let _ = SIGNALS.set(signals);
    start.send(()).is_ok()
}

/// Leaves the signals to the caller. One that was received before ends this process.
pub fn hold() -> SignalHold {
    let mut others = others();
    end_if_received();
    *others += 1;
    SignalHold(())
}

/// Ends this process if a signal was received: a failure may only be that of a program that the signal has ended.
pub fn end_if_signaled() {
    let others = others();
    if *others == 0 {
        end_if_received();
    }
}

/// Replaces this process with a program. Returns why the program was not started.
pub fn exec(mut command: Command) -> io::Error {
    // The thread that handles the signals ends with the process. A signal that arrives after the
    // system has begun to replace the process goes to the program.
    let _guard = end_at_once();
    command.exec()
}

/// Has each signal end this process at once, and ends it if one was received before.
fn end_at_once() -> ImmediateExitGuard {
    let _one_at_a_time = others();
    ENDS_AT_ONCE.store(true, Ordering::SeqCst);
    end_if_received();
    ImmediateExitGuard(())
}

impl SignalHold {
    /// Returns a signal that was received, once.
    pub fn take(&self) -> Option<Signal> {
        SIGNALS.get().and_then(Signals::take)
    }
}

impl Drop for SignalHold {
    fn drop(&mut self) {
        let mut others = others();
        *others -= 1;
        if *others == 0 {
            end_if_received();
        }
    }
}

impl Drop for ImmediateExitGuard {
    fn drop(&mut self) {
        ENDS_AT_ONCE.store(false, Ordering::SeqCst);
    }
}

fn handle_signals() {
    let Some(signals) = SIGNALS.get() else { return };
    loop {
        signals.wait();
        end_if_signaled();
    }
}

/// Ends the programs and this process if a signal was received, as if nobody had watched it. The caller has the lock.
fn end_if_received() {
    if let Some(signal) = SIGNALS.get().and_then(Signals::take) {
        #[cfg(feature = "exec")]
        secrets_runtime::backends::Exec::end_programs();
        let _ = emulate_default_handler(signal.as_raw());
    }
}

fn others() -> MutexGuard<'static, usize> {
    OTHERS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{env, mem::ManuallyDrop, os::unix::process::ExitStatusExt, process::exit};

    use signal_hook::low_level::raise;

    use super::*;

    /// The variable that names the case which a process is to run.
    const CASE: &str = "TEST_INTERRUPTION";

    /// Cases of a process that receives a signal: its name, what the process does, and whether the signal ends it.
    const CASES: &[(&str, fn(), bool)] = &[
        ("received before the signals are held", received_before_hold, true),
        ("received while they are held", || drop(received_while_held()), true),
        ("taken while they are held", taken_while_held, false),
        ("received before a failure is reported", received_before_report, true),
        ("received before an exec", received_before_exec, true),
        ("received during an exec", received_during_exec, true),
        ("received while they are held after an exec has failed", received_after_exec, false),
    ];

    fn received_before_hold() {
        let lock = receive_with_lock();
        drop(lock);
        let _hold = ManuallyDrop::new(hold());
        exit(0);
    }

    fn received_while_held() -> SignalHold {
        let hold = hold();
        receive();
        hold
    }

    fn taken_while_held() {
        assert_eq!(received_while_held().take(), Some(Signal::TERM));
    }

    fn received_before_report() {
        let lock = receive_with_lock();
        drop(lock);
        end_if_signaled();
        exit(0);
    }

    fn received_before_exec() {
        let lock = receive_with_lock();
        drop(lock);
        let error = exec(Command::new("true"));
        panic!("it was not started: {error}");
    }

    fn received_during_exec() {
        let _guard = end_at_once();
        receive();
        exit(0);
    }

    fn received_after_exec() {
        let _error = exec(Command::new("/nowhere"));
        let _hold = ManuallyDrop::new(received_while_held());
        exit(0);
    }

    fn receive() {
        raise(Signal::TERM.as_raw()).unwrap();
    }

    /// Receives a signal, which the thread cannot handle until the lock is dropped.
    fn receive_with_lock() -> MutexGuard<'static, usize> {
        let lock = others();
        receive();
        lock
    }

    #[test]
    fn a_signal_is_not_lost() {
        if let Ok(case) = env::var(CASE) {
            assert!(watch());
            CASES.iter().find(|(name, ..)| *name == case).unwrap().1();
            exit(0);
        }
        let name = "process::signals::interruption::tests::a_signal_is_not_lost";
        for (case, _, is_ended) in CASES {
            let mut again = Command::new(env::current_exe().unwrap());
            let output = again.args(["--exact", name]).env(CASE, case).output().unwrap();
            let ended = (output.status.code(), output.status.signal());
            let expected = match is_ended {
                true => (None, Some(Signal::TERM.as_raw())),
                false => (Some(0), None),
            };
            assert_eq!(ended, expected, "{case}: {output:?}");
        }
    }
}
