//! A folder of mounted secrets, out of which nothing is read: what `file` and `flyte` share.
//!
//! Links are followed as long as they end below the folder, absolute ones too. What is read is read from the
//! handle that was opened, never from a path that was checked before.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod set;
#[cfg(all(test, unix))]
mod tests;

use std::{
    fs,
    io::{self, ErrorKind as Io, Read},
    path::{Path, PathBuf},
};

use secrets_spec::Flaw;
use zeroize::Zeroizing;

#[cfg(target_os = "linux")]
use self::linux::{Held, Root};
#[cfg(not(target_os = "linux"))]
use self::other::{Held, Root};
use crate::{Error, ErrorKind, Fetched, SecretValue, backend::MAX_VALUE_BYTES};

/// How often is asked for what is not there, or changes while it is read. Who replaces a volume removes the old
/// one while links to it are still being followed: the next time they lead to the new one.
const ATTEMPTS: u32 = 16;

/// The folder, and the setting that says where it is.
#[derive(Debug, Clone)]
pub(super) struct Mount {
    folder: PathBuf,
    setting: &'static str,
}

/// What has a name below the folder: its path from the folder.
#[derive(Debug)]
pub(super) enum Mounted {
    File(PathBuf),
    Folder(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Other,
}

impl Mount {
    pub(super) fn new(folder: PathBuf, setting: &'static str) -> Self {
        Self { folder, setting }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a name is, for people.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What has this name, if anything. The name has passed the grammar of its backend.
    ///
    /// # Errors
    /// `InvalidName` if a link leads out, `AccessDenied`, `Unavailable`.
    pub(super) fn find(&self, name: &str) -> Result<Option<Mounted>, Error> {
        let path = PathBuf::from(name);
        match persistently(|| Root::open(&self.folder)?.find(None, &path)) {
            Ok(found) => match found.kind() {
                Kind::File => Ok(Some(Mounted::File(path))),
                Kind::Folder => Ok(Some(Mounted::Folder(path))),
                Kind::Other => Err(self.no_file(&path)),
            },
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(self.failed(&error, &path)),
        }
    }

    /// The file as one plain value.
    ///
    /// # Errors
    /// As [`Mount::find`], or `NotFound` if it has gone in between.
    pub(super) fn plain(&self, file: &Path) -> Result<Fetched, Error> {
        let value = persistently(|| value(Root::open(&self.folder)?.open_file(None, file)?));
        let value = value.map_err(|error| self.failed(&error, file))?;
        Ok(if value.is_text() { Fetched::text(value) } else { Fetched::binary(value) })
    }

    /// The files of a folder whose names start with `prefix`, each as a field named like the rest. They are all
    /// of one version of the folder, where Kubernetes mounted it.
    ///
    /// # Errors
    /// As [`Mount::find`] and [`Mount::plain`] for each of them, but `Unavailable` for one that is listed and is
    /// not there; `Undecodable` for a name that is no UTF-8, `InvalidValue` for too many files.
    pub(super) fn set(&self, folder: &Path, prefix: &str) -> Result<Fetched, Error> {
        set::read(self, folder, prefix).map(Fetched::fields)
    }

    /// That there is no such file.
    pub(super) fn missing(&self, path: &Path) -> Error {
        let help =
            format!("mount the secret there, or set {} to the folder that has it", self.setting);
        Error::new(ErrorKind::NotFound, format!("there is no file {}", path.display()))
            .with_help(help)
    }

    /// That it is a pipe or the like: reading it would wait for whoever writes to it.
    fn no_file(&self, path: &Path) -> Error {
        let path = self.folder.join(path);
        let message = format!("{} is neither a file nor a folder", path.display());
        Error::new(ErrorKind::Unavailable, message).with_help("put a file there")
    }

    /// Why a path from the folder cannot be read.
    fn failed(&self, error: &io::Error, path: &Path) -> Error {
        let path = self.folder.join(path);
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
        let (path, folder) = (path.display(), self.folder.display());
        let help =
            format!("put the file itself below the folder, or set {} to where it is", self.setting);
        let message = format!("{path} is a link that leads out of {folder}");
        Error::new(ErrorKind::InvalidName, message).with_help(help)
    }
}

/// What the grammar has against a name, as a backend's error.
pub(super) fn refused(flaw: Flaw, text: &str) -> Error {
    let kind = if flaw.kind.is_name() { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
    let error = flaw.explain(text);
    Error::new(kind, error.message()).with_help(error.help().unwrap_or_default())
}

/// Asks again for what is not there, or was replaced: see [`ATTEMPTS`].
fn persistently<T>(mut ask: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..ATTEMPTS {
        match ask() {
            Err(error) if is_passing(&error) => {}
            answer => return answer,
        }
    }
    ask()
}

/// The file's value, or of one that is too long a little more than a value may have: the resolver says so.
fn value(mut file: fs::File) -> io::Result<SecretValue> {
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
    Ok(SecretValue::mounted(&bytes[..length]))
}

/// Whether there is no such file, and cannot be: a name that is too long for the file system has none.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), Io::NotFound | Io::NotADirectory | Io::InvalidFilename)
}

/// Whether the same question may have another answer at once. What is replaced between two steps on the way to
/// it is reported as a stale handle.
fn is_passing(error: &io::Error) -> bool {
    is_absence(error) || error.kind() == Io::StaleNetworkFileHandle
}
