//! A folder of mounted secrets, out of which nothing is read: what `file` and `flyte` share.
//!
//! Links are followed as long as they end below the folder, absolute ones too. What is read is read from the
//! handle that was opened, never from a path that was checked before.

mod folder;
pub(super) mod io;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod set;
#[cfg(all(test, unix))]
mod tests;

use std::path::{Path, PathBuf};

use secrets_spec::Flaw;

#[cfg(target_os = "linux")]
use crate::backends::mount::linux::Root;
#[cfg(not(target_os = "linux"))]
use crate::backends::mount::other::Root;
use crate::{
    backend::Fetched,
    backends::mount::{
        folder::MountFolder,
        io::{is_absence, read_value, retry},
    },
    core::error::{Error, ErrorKind},
};

/// The folder, as its backends read it.
#[derive(Debug, Clone)]
pub(super) struct Mount {
    folder: MountFolder,
}

/// What has a name below the folder: its path from the folder.
#[derive(Debug)]
pub(super) enum MountEntry {
    File(PathBuf),
    Folder(PathBuf),
}

impl Mount {
    pub(super) fn new(folder: PathBuf, setting: &'static str) -> Self {
        Self { folder: MountFolder { path: folder, setting } }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder.path
    }

    /// Where a name is, for people.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path.join(name)
    }

    /// Finds what has this name, if anything. The name has passed the grammar of its backend.
    ///
    /// # Errors
    /// `InvalidName` if a link leads out, `AccessDenied`, `Unavailable`.
    pub(super) fn find(&self, name: &str) -> Result<Option<MountEntry>, Error> {
        let path = PathBuf::from(name);
        match retry(|| Root::open(&self.folder.path)?.find(None, &path)) {
            Ok(found) if found.is_file() => Ok(Some(MountEntry::File(path))),
            Ok(found) if found.is_folder() => Ok(Some(MountEntry::Folder(path))),
            Ok(_) => Err(self.folder.not_a_file(&path)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(self.folder.failed(&error, &path)),
        }
    }

    /// Reads a file as one plain value.
    ///
    /// # Errors
    /// As [`Mount::find`], or `NotFound` if it has gone in between.
    pub(super) fn plain(&self, file: &Path) -> Result<Fetched, Error> {
        let value = retry(|| read_value(Root::open(&self.folder.path)?.open_file(None, file)?));
        let value = value.map_err(|error| self.folder.failed(&error, file))?;
        let fetched = if value.is_text() { Fetched::text(value) } else { Fetched::binary(value) };
        Ok(fetched.mounted_at(self.folder.path.join(file)))
    }

    /// Reads the files of a folder whose names start with `prefix`; each is a field, named like the rest of its name.
    /// They are all of one version of the folder, where Kubernetes mounted it.
    ///
    /// # Errors
    /// As [`Mount::find`] and [`Mount::plain`] for each of them, but `Unavailable` for one that is listed and is
    /// not there; `Undecodable` for a name that is not UTF-8, `InvalidValue` for too many files.
    pub(super) fn set(&self, folder: &Path, prefix: &str) -> Result<Fetched, Error> {
        let fields = set::read(&self.folder, folder, prefix)?;
        Ok(Fetched::fields(fields).mounted())
    }

    /// Returns the error for a file that does not exist.
    pub(super) fn missing(&self, path: &Path) -> Error {
        self.folder.missing(path)
    }
}

/// Returns a flaw that the grammar finds in a name as a backend's error.
pub(super) fn refused(flaw: Flaw, text: &str) -> Error {
    let kind = if flaw.kind.is_name() { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
    let error = flaw.explain(text);
    Error::new(kind, error.message()).with_help(error.help().unwrap_or_default())
}
