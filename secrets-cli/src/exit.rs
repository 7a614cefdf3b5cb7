//! Exit codes.

use std::process::ExitCode;

use secrets_runtime::ErrorKind;

use crate::failure::Failure;

/// Returns the exit code of a failure.
pub fn code(failure: &Failure) -> ExitCode {
    let code = match failure {
        Failure::Usage { .. } => 2,
        // 0 for --help and --version.
        Failure::Clap(error) => u8::try_from(error.exit_code()).unwrap_or(2),
        Failure::Secrets(error) => of_kind(error.kind()),
        Failure::Program { code, .. } => *code,
        // The codes that a shell reports for a program that SIGPIPE or SIGINT ended.
        Failure::BrokenPipe => 141,
        Failure::Interrupted => 130,
    };
    ExitCode::from(code)
}

fn of_kind(kind: ErrorKind) -> u8 {
    use ErrorKind as Kind;
    match kind {
        Kind::NotFound | Kind::KeyNotFound | Kind::Deleted | Kind::NotRequested => 3,
        Kind::AccessDenied | Kind::Leaked | Kind::RoleDenied | Kind::DecryptionFailed => 4,
        Kind::InvalidSource
        | Kind::InvalidName
        | Kind::InvalidValue
        | Kind::Undecodable
        | Kind::Collision
        | Kind::Ambiguous
        | Kind::Conflict
        | Kind::InvalidConfig => 5,
        Kind::Throttled | Kind::Timeout | Kind::Unavailable => 6,
        _ => 1,
    }
}
