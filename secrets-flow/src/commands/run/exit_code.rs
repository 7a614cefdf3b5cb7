//! Exit codes of steps.

/// The exit code of a step that took longer than its timeout.
pub const TIMED_OUT: u8 = 124;

/// Describes an exit code other than 0.
pub fn describe(code: u8) -> String {
    match code {
        TIMED_OUT => "timed out (exit code 124)".to_owned(),
        code @ 129..=192 => format!("killed by signal {} (exit code {code})", code - 128),
        code => format!("exit code {code}"),
    }
}
