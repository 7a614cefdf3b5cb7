//! Masks what a step writes to its standard output and standard error.
//!
//! The step's outputs are pipes, and another process of this program reads them, masks them and writes them on. So
//! everything that stands on the file descriptors is masked: lines of the body, of its threads, of C libraries and of
//! child processes, and the message of a panic. The step stays one process with one thread of its own, which
//! `export = "process"` needs, and what it has written is not lost if it ends by a signal or by `abort`. The other
//! process ends as soon as the step has ended and its output is written.

#[cfg(not(unix))]
mod disabled;
#[cfg(unix)]
mod filter;
#[cfg(unix)]
mod frames;
#[cfg(unix)]
mod output_mask;

#[cfg(not(unix))]
pub use disabled::{OutputMask, run_if_started};
#[cfg(unix)]
pub use filter::run_if_started;
#[cfg(unix)]
pub use output_mask::OutputMask;
