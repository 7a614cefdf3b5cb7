//! What goes wrong with files, in words for people.

use std::{io, path::Path};

use crate::{
    backends::local::system,
    core::error::{Error, ErrorKind},
};

/// What a user does who has come upon another user's store.
pub(super) const OWN_STORE: &str =
    "set SECRETS_LOCAL_DIR and SECRETS_LOCAL_KEY_FILE to a store and a key of your own";

/// The error of an operation on a file: `doing` is what cannot be done, such as "read".
pub(super) fn failure(doing: &str, path: &Path, error: &io::Error) -> Error {
    use io::ErrorKind::{
        NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let message = format!("cannot {doing} {}: {error}", path.display());
    let (kind, help) = match error.kind() {
        PermissionDenied => return denied(message, path),
        ReadOnlyFilesystem => (ErrorKind::AccessDenied, Some("it is mounted read-only")),
        NotADirectory => (
            ErrorKind::InvalidConfig,
            Some("a folder is needed there: look at SECRETS_LOCAL_DIR and SECRETS_LOCAL_KEY_FILE"),
        ),
        StorageFull | QuotaExceeded => {
            (ErrorKind::Unavailable, Some("make room on its disk, and try again"))
        }
        _ => (ErrorKind::Unavailable, None),
    };
    let error = Error::new(kind, message);
    match help {
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// The error of a file to which the system denies access. A store belongs to one user, so the remedy is never to let
/// others in.
fn denied(message: String, path: &Path) -> Error {
    let (message, help) = match system::owner_of(path) {
        Some(owner) if owner.is_self => {
            let place = owner.place.display();
            let word = secrets_spec::shell_word(&owner.place.to_string_lossy());
            let help =
                format!("{place} is yours: give yourself the right with `chmod u+rwX {word}`");
            (message, help)
        }
        Some(owner) => {
            let place = owner.place.display();
            let message = format!("{message}; {place} belongs to {}", owner.name);
            (message, format!("run as that user, or {OWN_STORE}"))
        }
        None => (message, format!("run as the owner of the store, or {OWN_STORE}")),
    };
    Error::new(ErrorKind::AccessDenied, message).with_help(help)
}

/// The error of a file that is not what it must be: `reason` is the end of a sentence about it.
pub(super) fn refusal(path: &Path, reason: &str, help: &str) -> Error {
    Error::new(ErrorKind::InvalidConfig, format!("{} {reason}", path.display())).with_help(help)
}
