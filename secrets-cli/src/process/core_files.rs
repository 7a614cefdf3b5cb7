//! Core files. One of this command would contain secrets, so it writes none.

#[cfg(unix)]
use std::sync::OnceLock;

#[cfg(unix)]
use {
    rustix::process::{Resource, Rlimit, getrlimit, setrlimit},
    secrets_runtime::process::no_core_dumps,
};

/// The limit that the caller set.
#[cfg(unix)]
static OF_CALLER: OnceLock<Rlimit> = OnceLock::new();

/// Lets the system write no core file of this process.
#[cfg(unix)]
pub fn disable() {
    let before = getrlimit(Resource::Core);
    if no_core_dumps().is_ok() {
        let _ = OF_CALLER.set(before);
    }
}

/// Does nothing: core files are a matter of Unix.
#[cfg(not(unix))]
pub fn disable() {}

/// Sets the limit back, for a program that is about to replace this process, or to be started by it.
#[cfg(unix)]
pub fn restore_limit() {
    if let Some(before) = OF_CALLER.get() {
        // If it fails, the program has a lower limit than the caller, which is harmless.
        let _ = setrlimit(Resource::Core, *before);
    }
}
