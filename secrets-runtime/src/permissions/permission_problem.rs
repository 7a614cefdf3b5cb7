use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a file is not trusted.
#[derive(Debug)]
pub(crate) enum PermissionProblem {
    /// The file, or a folder on the way to it, cannot be examined.
    Unreadable { path: PathBuf, error: io::Error },
    /// Another user can have written or replaced it.
    #[cfg_attr(not(unix), allow(dead_code, reason = "modes and owners are checked on Unix"))]
    Exposed { message: String, help: String },
}

impl PermissionProblem {
    pub(super) fn unreadable(path: &Path, error: io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), error }
    }
}
