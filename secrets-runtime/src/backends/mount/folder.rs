use std::{
    io::{self, ErrorKind as Io},
    path::{Path, PathBuf},
};

use crate::{
    backends::mount::io::is_absence,
    core::error::{Error, ErrorKind},
};

/// The folder of the mounted secrets, and the setting that names it, for errors.
#[derive(Debug, Clone)]
pub(super) struct MountFolder {
    pub(super) path: PathBuf,
    pub(super) setting: &'static str,
}

impl MountFolder {
    /// Returns the error for a file that does not exist.
    pub(super) fn missing(&self, path: &Path) -> Error {
        let help =
            format!("mount the secret there, or set {} to the folder that has it", self.setting);
        Error::new(ErrorKind::NotFound, format!("there is no file {}", path.display()))
            .with_help(help)
    }

    /// Returns the error for a pipe or the like: reading it would wait for a writer.
    pub(super) fn not_a_file(&self, path: &Path) -> Error {
        let path = self.path.join(path);
        let message = format!("{} is neither a file nor a folder", path.display());
        Error::new(ErrorKind::Unavailable, message).with_help("put a file there")
    }

    /// Returns the error for a path, from the folder, that cannot be read.
    pub(super) fn failed(&self, error: &io::Error, path: &Path) -> Error {
        let path = self.path.join(path);
        let (kind, what) = match error.kind() {
            _ if is_absence(error) => return self.missing(&path),
            Io::CrossesDevices => return self.leads_out(&path),
            Io::PermissionDenied => (ErrorKind::AccessDenied, "may not be read"),
            _ => (ErrorKind::Unavailable, "cannot be read"),
        };
        Error::new(kind, format!("{} {what}: {}", path.display(), error.kind()))
            .with_help("check who owns the file and what its mode is")
    }

    fn leads_out(&self, path: &Path) -> Error {
        let (path, folder) = (path.display(), self.path.display());
        let help =
            format!("put the file itself below the folder, or set {} to where it is", self.setting);
        let message = format!("{path} is a link that leads out of {folder}");
        Error::new(ErrorKind::InvalidName, message).with_help(help)
    }
}
