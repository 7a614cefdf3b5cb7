use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a file is not trusted.
#[derive(Debug)]
pub(crate) enum Insecure {
    /// The file, or a folder on the way to it, cannot be examined.
    Unreadable { path: PathBuf, error: io::Error },
    /// Somebody else can have written or replaced it.
    #[cfg_attr(not(unix), allow(dead_code, reason = "modes and owners are looked at on Unix"))]
    Exposed { message: String, help: String },
}

impl Insecure {
    pub(super) fn unreadable(path: &Path, error: io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), error }
    }
}
