//! What goes wrong with files, in words for people.

use std::{io, path::Path};

use crate::core::error::{Error, ErrorKind};

/// The error of an operation on a file: `doing` is what cannot be done, such as "read".
pub(super) fn failure(doing: &str, path: &Path, error: &io::Error) -> Error {
    use io::ErrorKind::{
        NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let (kind, help) = match error.kind() {
        PermissionDenied => (
            ErrorKind::AccessDenied,
            Some("give the user who runs this the right to it and to the folders above it"),
        ),
        ReadOnlyFilesystem => (ErrorKind::AccessDenied, Some("it is mounted read-only")),
        NotADirectory => (
            ErrorKind::InvalidConfig,
            Some("a folder is needed there: look at SECRETS_LOCAL_DIR and SECRETS_LOCAL_KEY_FILE"),
        ),
        StorageFull | QuotaExceeded => (
            ErrorKind::Unavailable,
            Some("nothing was changed: make room on its disk, and try again"),
        ),
        _ => (ErrorKind::Unavailable, None),
    };
    let error = Error::new(kind, format!("cannot {doing} {}: {error}", path.display()));
    match help {
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// The error of a file that is not what it must be: `reason` is the end of a sentence about it.
pub(super) fn refusal(path: &Path, reason: &str, help: &str) -> Error {
    Error::new(ErrorKind::InvalidConfig, format!("{} {reason}", path.display())).with_help(help)
}
