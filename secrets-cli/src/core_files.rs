//! Core files. That of this command would contain secrets, so it writes none.

#[cfg(unix)]
mod unix {
    use std::sync::OnceLock;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    /// The limit that the caller set.
    static OF_CALLER: OnceLock<Rlimit> = OnceLock::new();

    /// Lets the system write no core file of this process.
    pub fn disable() {
        let before = getrlimit(Resource::Core);
        // The upper limit stays, so that the limit can be set back.
        let none = Rlimit { current: Some(0), maximum: before.maximum };
        if setrlimit(Resource::Core, none).is_ok() {
            let _ = OF_CALLER.set(before);
        }
    }

    /// Sets the limit back, for a program that is about to replace this process.
    pub fn restore_limit() {
        if let Some(before) = OF_CALLER.get() {
            // The program then has a lower limit than the caller, which is harmless.
            let _ = setrlimit(Resource::Core, before.clone());
        }
    }
}

#[cfg(not(unix))]
mod unix {
    /// Does nothing: such files are a matter of Unix.
    pub fn disable() {}
}

pub use unix::*;
