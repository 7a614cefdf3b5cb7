//! How mounted files are read: again if they are replaced meanwhile, and no further than a value is long.

use std::{
    fs,
    io::{self, ErrorKind as Io, Read},
};

use zeroize::Zeroizing;

use crate::{backend::MAX_VALUE_BYTES, core::secret_value::SecretValue};

/// How often something is tried that is not there, or that changes while it is read. A system that replaces a volume
/// removes the old one while links to it are still being followed: the next time they lead to the new one.
pub(super) const ATTEMPTS: u32 = 16;

/// Tries again what is not there, or was replaced: see [`ATTEMPTS`].
pub(super) fn retry<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..ATTEMPTS {
        match attempt() {
            Err(error) if is_passing(&error) => {}
            outcome => return outcome,
        }
    }
    attempt()
}

/// Whether there is no such file, and cannot be: no file has a name that is too long for the file system.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), Io::NotFound | Io::NotADirectory | Io::InvalidFilename)
}

/// Whether the next attempt may succeed at once. What is replaced between two steps of a path is reported as a stale
/// handle.
pub(super) fn is_passing(error: &io::Error) -> bool {
    is_absence(error) || error.kind() == Io::StaleNetworkFileHandle
}

/// Reads the bytes of a file. One that is too long is cut a little after the limit, so that the resolver refuses it:
/// a value of that length and the line break at its end are still read.
pub(super) fn read_value(mut file: fs::File) -> io::Result<SecretValue> {
    let limit = MAX_VALUE_BYTES + 3;
    // With room for all from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(vec![0; limit]);
    let mut length = 0;
    while length < limit {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == Io::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // A copy of its own size. The buffer is wiped.
    Ok(SecretValue::from(bytes[..length].to_vec()))
}
