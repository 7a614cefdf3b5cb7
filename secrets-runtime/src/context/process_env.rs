//! The environment of the process, and `export = "process"`: a step's variables are in it while the body runs.
//!
//! This is the one module with `unsafe` code. Writing the environment is sound only while no other thread can
//! read it, and any thread may, through any C library. So it is written only by the thread that is the only one
//! of the process: as long as it writes and starts no thread, nobody can come to read. On Windows the system
//! itself keeps readers and writers apart. What a step exports is a copy that is not wiped.
#![allow(unsafe_code)]

use std::{
    env,
    ffi::{OsStr, OsString},
    marker::PhantomData,
};

use zeroize::Zeroizing;

use crate::{
    context::{env_vars::as_os, secrets::Secrets},
    core::{
        error::{Error, ErrorKind},
        warning::warn,
    },
};

/// Sets the variables of a step in the environment of the process, until what it returns is dropped.
///
/// # Errors
/// Nothing is set unless everything can be: [`ErrorKind::NotSupported`] if the process has another thread;
/// whatever [`Secrets::to_set`] finds.
pub(crate) fn export(secrets: &Secrets) -> Result<Exported, Error> {
    let failed = |error: Error| error.in_step(secrets.step());
    let variables = secrets.to_set(&|name| env::var_os(name));
    let mut exported = Exported { step: secrets.step().map(Box::from), before: Vec::new() };
    if variables.as_ref().is_ok_and(Vec::is_empty) {
        return Ok(exported);
    }
    let (variables, writer) = match (variables, Writer::new()) {
        (Ok(variables), Ok(writer)) => (variables, writer),
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => return Err(failed(error)),
        (Err(first), Err(second)) => {
            let mut problems = first.into_problems();
            problems.extend(second.into_problems());
            return Err(failed(Error::from_problems(problems)));
        }
    };
    // The environment is where these values are asked to go.
    let variables: Result<Vec<_>, Error> =
        variables.into_iter().map(|(name, value)| Ok((name, as_os(value)?))).collect();
    for (name, value) in variables.map_err(failed)? {
        exported.before.push((name.to_owned(), env::var_os(name)));
        writer.set(name, value);
    }
    Ok(exported)
}

/// Returns why an asynchronous step exports nothing: other tasks run while it waits, and threads of its runtime.
pub(crate) fn refuse_async(step: &str) -> Error {
    Error::new(ErrorKind::NotSupported, "an asynchronous step cannot export to the process")
        .with_help(HELP)
        .in_step(Some(step))
}

const HELP: &str = "call a synchronous step before the program starts a thread or a runtime, or give the \
                    variables to a child process: `current_context().secrets.apply_to(&mut command)`";

/// The variables of a step are in the environment. When this is dropped, each has again the value that it had,
/// or is gone.
pub(crate) struct Exported {
    step: Option<Box<str>>,
    /// Each variable that was set, and what it was.
    before: Vec<(String, Option<OsString>)>,
}

impl Drop for Exported {
    fn drop(&mut self) {
        if self.before.is_empty() {
            return;
        }
        let Ok(writer) = Writer::new() else {
            let names: Vec<_> = self.before.iter().map(|(name, _)| name.as_str()).collect();
            let step = self.step.as_deref().unwrap_or_default();
            warn(&format!(
                "the step `{step}` has left its variables in the environment, as threads that were started in it \
                 still run: {}",
                names.join(", ")
            ));
            return;
        };
        for (name, value) in self.before.drain(..).rev() {
            match value {
                Some(value) => {
                    writer.set(&name, &value);
                    // It may be a secret that a step around this one has exported.
                    drop(Zeroizing::new(value.into_encoded_bytes()));
                }
                None => writer.remove(&name),
            }
        }
    }
}

/// Who may write the environment. There is one only while nobody else can read it: it stays on its thread, and
/// its owner starts no other.
struct Writer(PhantomData<*const ()>);

impl Writer {
    /// Returns a writer, if this thread is the only one: the library's own have been stopped for it.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`].
    fn new() -> Result<Self, Error> {
        let writer = Self(PhantomData);
        only_thread()?;
        Ok(writer)
    }

    fn set(&self, name: &str, value: &OsStr) {
        // SAFETY: this thread is the only one (`new`), and starts none before this returns; on Windows it
        // need not be. The name is a variable's (`secrets_spec::check_variable`), the value was looked at for
        // a NUL, or both come from the environment.
        unsafe { env::set_var(name, value) }
    }

    fn remove(&self, name: &str) {
        // SAFETY: as in `set`.
        unsafe { env::remove_var(name) }
    }
}

impl Drop for Writer {
    /// Starts the library's timer again, if something waits for it.
    fn drop(&mut self) {
        crate::rt::timer::resume();
    }
}

/// Stops the library's own threads, and checks that this one is alone.
#[cfg(target_os = "linux")]
fn only_thread() -> Result<(), Error> {
    crate::rt::timer::stop();
    #[cfg(feature = "tokio")]
    crate::rt::io_thread::stop();
    #[cfg(any(feature = "prefect", feature = "zenml"))]
    crate::rt::blocking_pool::stop();
    alone(count_threads)
}

/// Checks that there is one thread. The system counts a thread that has been joined until it has cleaned up:
/// this waits 10 ms for that, and longer where the machine is so busy that the system gets to it late.
#[cfg(target_os = "linux")]
fn alone(mut count: impl FnMut() -> Option<u32>) -> Result<(), Error> {
    const TIMES: u32 = 50;
    const PAUSE: std::time::Duration = std::time::Duration::from_micros(200);

    let mut threads = count();
    for _ in 0..TIMES {
        if threads == Some(1) {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
        threads = count();
    }
    let found = match threads {
        Some(1) => return Ok(()),
        Some(count) => format!("it has {count}"),
        None => "they cannot be counted in /proc/self/stat".to_owned(),
    };
    let message = format!(
        "the environment of the process can be written only while it has one thread: {found}"
    );
    Err(Error::new(ErrorKind::NotSupported, message).with_help(HELP))
}

#[cfg(target_os = "linux")]
fn count_threads() -> Option<u32> {
    threads_in(&std::fs::read("/proc/self/stat").ok()?)
}

/// `num_threads` of proc_pid_stat(5): the 20th field. The second is the program's name in parentheses, which
/// may have anything in it.
#[cfg(target_os = "linux")]
fn threads_in(stat: &[u8]) -> Option<u32> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&stat[name_end + 1..]).ok()?;
    rest.split_ascii_whitespace().nth(17)?.parse().ok()
}

/// Checks nothing: there a lock of the system's keeps readers and writers apart.
#[cfg(windows)]
fn only_thread() -> Result<(), Error> {
    Ok(())
}

#[cfg(not(any(target_os = "linux", windows)))]
fn only_thread() -> Result<(), Error> {
    let message = "on this platform a program cannot tell whether it has one thread, and only then can it \
                   write its environment";
    Err(Error::new(ErrorKind::NotSupported, message).with_help(
        "give the variables to a child process: `current_context().secrets.apply_to(&mut command)`",
    ))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_disappears_is_waited_for() {
        let mut counts = [Some(3), Some(2), Some(1)].into_iter();
        assert!(alone(|| counts.next().flatten()).is_ok());
    }

    #[test]
    fn a_thread_that_stays_is_refused() {
        for (counted, told) in [(Some(2), "it has 2"), (None, "cannot be counted")] {
            let error = alone(|| counted).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotSupported);
            assert!(error.to_string().contains(told), "{error}");
        }
    }

    #[test]
    fn threads_are_counted_whatever_the_program_is_called() {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 42 18 19";
        for name in ["step", "a) R 7 (b", "\u{fffd} 1 2"] {
            assert_eq!(threads_in(format!("123 ({name}) {fields}\n").as_bytes()), Some(42));
        }
        assert_eq!(threads_in(b"123 (step) S 1 2"), None);
        assert!(count_threads().is_some_and(|count| count > 0));
    }
}
