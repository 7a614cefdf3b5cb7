//! Masks what a step writes to its standard output and standard error.
//!
//! The step's outputs are pipes, and another process of this program reads them, masks them and writes them on. So
//! everything that stands on the file descriptors is masked: lines of the body, of its threads, of C libraries and of
//! child processes, and the message of a panic. The step stays one process with one thread of its own, which
//! `export = "process"` needs, and what it has written is not lost if it ends by a signal or by `abort`. The other
//! process ends as soon as the step has ended and its output is written. No signal that a terminal or a service manager
//! sends to all processes ends it before.
//!
//! The end of a container's first process would end the other process too. So the first process is never a step, but the
//! supervisor of one (`commands/supervisor.rs`), which waits for both.

#[cfg(unix)]
pub mod filter;
#[cfg(unix)]
mod filter_process;
#[cfg(unix)]
mod frames;
pub mod output_mask;

/// Does nothing: file descriptors are those of Unix.
#[cfg(not(unix))]
pub mod filter {
    /// Returns `None`: the program is never started to mask an output.
    pub fn run_if_started() -> Option<std::process::ExitCode> {
        None
    }
}
