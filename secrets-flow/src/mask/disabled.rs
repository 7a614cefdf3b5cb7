use std::process::ExitCode;

use crate::{failure::CommandFailure, program::warn};

/// Does nothing: file descriptors are those of Unix.
#[derive(Debug)]
pub struct OutputMask;

impl OutputMask {
    /// Warns that the output is not masked.
    ///
    /// # Errors
    /// Never.
    pub fn start() -> Result<Self, CommandFailure> {
        warn("the output of a step is masked on Unix only");
        Ok(Self)
    }

    /// Does nothing.
    pub fn finish(self) {}
}

/// Returns `None`: the program is never started to mask an output.
pub fn run_if_started() -> Option<ExitCode> {
    None
}
