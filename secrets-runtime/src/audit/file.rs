use std::{
    fs::{self, File},
    io::{self, ErrorKind as IoKind, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::{
    core::error::{ErrorKind, Problem},
    permissions::{self, insecure::Insecure},
};

/// The file of an audit log, to which any number of processes append.
#[derive(Debug)]
pub(super) struct AuditFile {
    path: PathBuf,
    opened: Mutex<Option<File>>,
}

impl AuditFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, opened: Mutex::new(None) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends whole lines. They are in the file when this returns, or none of them is.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] if somebody else may write the file, or if it cannot be written.
    pub(super) fn append(&self, lines: &[u8]) -> Result<(), Problem> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match opened.take() {
            Some(file) if is_at(&file, &self.path) => {
                permissions::check_open(&file, &self.path).map_err(|why| self.unfit(why))?;
                file
            }
            // It was renamed, by a rotation of logs for example: the next lines go to a new file.
            _ => self.open()?,
        };
        write_whole(&file, lines).map_err(|error| self.unwritable(&error))?;
        *opened = Some(file);
        Ok(())
    }

    /// Returns whether lines can be appended. It creates no file.
    ///
    /// # Errors
    /// As [`append`](Self::append), as far as it is known without writing.
    pub(super) fn check(&self) -> Result<(), Problem> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == IoKind::NotFound => {
                permissions::check_folders(&self.path).map_err(|why| self.unfit(why))
            }
            _ => self.open().map(drop),
        }
    }

    fn open(&self) -> Result<File, Problem> {
        permissions::open_to_append(&self.path).map_err(|why| self.unfit(why))
    }

    fn unfit(&self, why: Insecure) -> Problem {
        match why {
            Insecure::Exposed { message, help } => {
                let message = format!("the audit log is not safe: {message}");
                Problem::new(ErrorKind::InvalidConfig, message)
                    .with_origin(ORIGIN)
                    .with_help(format!("{help}; or name another file with SECRETS_AUDIT"))
            }
            Insecure::Unreadable { error, .. } => self.unwritable(&error),
        }
    }

    fn unwritable(&self, error: &io::Error) -> Problem {
        let path = self.path.display();
        let help = match error.kind() {
            IoKind::NotFound => "create its folder, or name another file with SECRETS_AUDIT",
            IoKind::StorageFull | IoKind::QuotaExceeded | IoKind::FileTooLarge => {
                "make room, or name another file with SECRETS_AUDIT"
            }
            _ => "let this user write it, or name another file with SECRETS_AUDIT",
        };
        let message = format!("the audit log {path} cannot be written: {error}");
        Problem::new(ErrorKind::InvalidConfig, message).with_origin(ORIGIN).with_help(help)
    }
}

/// What problems of the log are about.
const ORIGIN: &str = "SECRETS_AUDIT";

/// Returns whether the file is still the one at this path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(theirs)) => id(ours) == id(theirs),
        _ => false,
    }
}

/// On this platform an open file cannot be renamed.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

/// Appends all of the bytes in one write, or none of them.
///
/// A write to a full disk may take a part. The lock keeps others from appending to that part before it is cut off. A
/// file system without locks has no such guarantee; whole writes do not mix there either.
fn write_whole(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    let _locked = FileLock::of(file);
    let before = file.metadata()?.len();
    let written = file.write_all(bytes);
    if written.is_err() && file.metadata()?.len() > before {
        file.set_len(before)?;
    }
    written
}

/// A lock of a file against other processes. Dropping it unlocks the file.
struct FileLock<'a>(Option<&'a File>);

impl<'a> FileLock<'a> {
    fn of(file: &'a File) -> Self {
        loop {
            match file.lock() {
                Ok(()) => return Self(Some(file)),
                Err(error) if error.kind() == IoKind::Interrupted => {}
                Err(_) => return Self(None),
            }
        }
    }
}

impl Drop for FileLock<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.0 {
            // Closing the file unlocks it as well.
            let _ = file.unlock();
        }
    }
}
