//! What is worth asking for again.

use std::io::{self, ErrorKind as Io};

/// How often is asked for what is not there, or changes while it is read. Who replaces a volume removes the old
/// one while links to it are still being followed: the next time they lead to the new one.
pub(super) const ATTEMPTS: u32 = 16;

/// Asks again for what is not there, or was replaced: see [`ATTEMPTS`].
pub(super) fn retry<T>(mut ask: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..ATTEMPTS {
        match ask() {
            Err(error) if is_passing(&error) => {}
            answer => return answer,
        }
    }
    ask()
}

/// Whether there is no such file, and cannot be: a name that is too long for the file system has none.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), Io::NotFound | Io::NotADirectory | Io::InvalidFilename)
}

/// Whether the same question may have another answer at once. What is replaced between two steps on the way to
/// it is reported as a stale handle.
pub(super) fn is_passing(error: &io::Error) -> bool {
    is_absence(error) || error.kind() == Io::StaleNetworkFileHandle
}
