//! Exit codes.

use std::process::ExitCode;

use crate::failure::Failure;

/// Returns the exit code of a failure.
pub fn code(failure: &Failure) -> ExitCode {
    let code = match failure {
        Failure::Usage { .. } => 2,
        // 0 for --help and --version.
        Failure::Clap(error) => u8::try_from(error.exit_code()).unwrap_or(2),
        Failure::Secrets(error) => error.kind().exit_code(),
        Failure::Program { code, .. } => *code,
        // The codes that a shell reports for a program that SIGPIPE or SIGINT ended.
        Failure::BrokenPipe => 141,
        Failure::Interrupted => 130,
    };
    ExitCode::from(code)
}
