//! The environment of the process, and `export = "process"`: a step's variables are set in it while the body runs.
//!
//! This is the one module with `unsafe` code. Writing the environment is sound only while no other thread can
//! read it, and any thread may read it through any C library. So the environment is written only by a thread
//! that is the only one of the process: while that thread writes and starts no other, nothing can read. On
//! Windows the system itself keeps readers and writers apart. The exported copy of a secret is not wiped.
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

/// Sets the variables of a step in the environment of the process, until the returned guard is dropped.
///
/// # Errors
/// If one variable cannot be set, none is: [`ErrorKind::NotSupported`] if the process has another thread, and every
/// problem that [`Secrets::to_set`] finds.
pub(crate) fn export(secrets: &Secrets) -> Result<ExportedVariables, Error> {
    let failed = |error: Error| error.in_step(secrets.step());
    let variables = secrets.to_set(&|name| env::var_os(name));
    let mut exported =
        ExportedVariables { step: secrets.step().map(Box::from), before: Vec::new() };
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
    // The step asked for these values in the environment.
    let variables: Result<Vec<_>, Error> =
        variables.into_iter().map(|(name, value)| Ok((name, as_os(value)?))).collect();
    for (name, value) in variables.map_err(failed)? {
        exported.before.push((name.to_owned(), env::var_os(name)));
        writer.set(name, value);
    }
    Ok(exported)
}

/// Returns the error of an asynchronous step that exports: other tasks run while it waits, and its runtime has
/// threads.
pub(crate) fn refuse_async(step: &str) -> Error {
    Error::new(ErrorKind::NotSupported, "an asynchronous step cannot export to the process")
        .with_help(HELP)
        .in_step(Some(step))
}

const HELP: &str = "call a synchronous step before the program starts a thread or a runtime, or give the \
                    variables to a child process: `current_context().secrets.apply_to(&mut command)`";

/// The variables of a step in the environment. When this is dropped, each variable gets its former value back
/// or is removed.
pub(crate) struct ExportedVariables {
    step: Option<Box<str>>,
    /// Each variable that was set, and its former value.
    before: Vec<(String, Option<OsString>)>,
}

impl Drop for ExportedVariables {
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
                    // It may be a secret that an enclosing step has exported.
                    drop(Zeroizing::new(value.into_encoded_bytes()));
                }
                None => writer.remove(&name),
            }
        }
    }
}

/// The right to write the environment. It exists only while nothing else can read the environment: it stays
/// on its thread, and its owner starts no other thread.
struct Writer(PhantomData<*const ()>);

impl Writer {
    /// Stops the library's own threads and returns a writer if this thread is then the only one.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`] if the process has another thread.
    fn new() -> Result<Self, Error> {
        let writer = Self(PhantomData);
        only_thread()?;
        Ok(writer)
    }

    fn set(&self, name: &str, value: &OsStr) {
        // SAFETY: this thread is the only one (`new`) and starts none before this returns; Windows does not
        // need that. The name is a valid variable name (`secrets_spec::check_variable`) and the value was
        // searched for a NUL, or both were read from the environment.
        unsafe { env::set_var(name, value) }
    }

    fn remove(&self, name: &str) {
        // SAFETY: as in `set`.
        unsafe { env::remove_var(name) }
    }
}

impl Drop for Writer {
    /// Starts the library's threads again, if they have work to do.
    fn drop(&mut self) {
        crate::rt::background::resume();
        crate::rt::timer::resume();
    }
}

/// Stops the library's own threads and checks that this thread is the only one.
#[cfg(target_os = "linux")]
fn only_thread() -> Result<(), Error> {
    crate::rt::background::stop();
    crate::rt::timer::stop();
    #[cfg(feature = "tokio")]
    crate::rt::io_thread::stop();
    check_single_threaded(count_threads)
}

/// Checks that there is one thread. The system counts a joined thread until it has cleaned up: this waits 10 ms for
/// that, and longer on a machine so busy that the system is late.
#[cfg(target_os = "linux")]
fn check_single_threaded(mut count: impl FnMut() -> Option<u32>) -> Result<(), Error> {
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

/// Reads `num_threads` of proc_pid_stat(5): the 20th field. The second field is the program's name in
/// parentheses, and may contain anything.
#[cfg(target_os = "linux")]
fn threads_in(stat: &[u8]) -> Option<u32> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&stat[name_end + 1..]).ok()?;
    rest.split_ascii_whitespace().nth(17)?.parse().ok()
}

/// Checks nothing: on Windows a lock of the system keeps readers and writers apart.
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
    fn an_ending_thread_is_waited_for() {
        let mut counts = [Some(3), Some(2), Some(1)].into_iter();
        assert!(check_single_threaded(|| counts.next().flatten()).is_ok());
    }

    #[test]
    fn a_thread_that_stays_is_refused() {
        for (counted, told) in [(Some(2), "it has 2"), (None, "cannot be counted")] {
            let error = check_single_threaded(|| counted).unwrap_err();
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
