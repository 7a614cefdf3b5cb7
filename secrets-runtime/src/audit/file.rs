use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind as IoKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use crate::{
    core::error::{ErrorKind, Problem},
    permissions::{self, permission_problem::PermissionProblem},
};

/// The file of an audit log, to which any number of processes append.
#[derive(Debug)]
pub(super) struct AuditFile {
    path: PathBuf,
    opened: Mutex<OpenedLog>,
}

/// The file as it was opened last.
#[derive(Debug, Default)]
struct OpenedLog {
    file: Option<File>,
    /// Whether another process held the lock for too long at the last write.
    is_blocked: bool,
}

impl AuditFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, opened: Mutex::default() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends whole lines. When this returns, either all of them are in the file or none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] if other users may write the file, or if it cannot be written.
    pub(super) fn append(&self, lines: &[u8]) -> Result<(), Problem> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match opened.file.take() {
            Some(file) if is_at(&file, &self.path) => {
                permissions::check_open(&file, &self.path)
                    .map_err(|why| self.insecure_problem(why))?;
                file
            }
            // The file was renamed, for example by a rotation of logs: the next lines go to a new file.
            _ => self.open()?,
        };
        // The lock is waited for once, not for each line.
        let patience = if opened.is_blocked { Duration::ZERO } else { LOCK_PATIENCE };
        let lock = FileLock::of(&file, patience);
        opened.is_blocked = matches!(lock, FileLock::Blocked);
        write_whole(&file, &lock, lines).map_err(|error| self.unwritable(&error))?;
        drop(lock);
        opened.file = Some(file);
        Ok(())
    }

    /// Returns whether lines can be appended. It creates no file.
    ///
    /// # Errors
    /// The errors of [`append`](Self::append) that can be found without writing.
    pub(super) fn check(&self) -> Result<(), Problem> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == IoKind::NotFound => {
                permissions::check_folders(&self.path).map_err(|why| self.insecure_problem(why))
            }
            _ => self.open().map(drop),
        }
    }

    fn open(&self) -> Result<File, Problem> {
        permissions::open_to_append(&self.path).map_err(|why| self.insecure_problem(why))
    }

    fn insecure_problem(&self, why: PermissionProblem) -> Problem {
        match why {
            PermissionProblem::Exposed { message, help } => {
                let message = format!("the audit log is not safe: {message}");
                Problem::new(ErrorKind::InvalidConfig, message)
                    .with_origin(ORIGIN)
                    .with_help(format!("{help}; or name another file with SECRETS_AUDIT"))
            }
            PermissionProblem::Unreadable { error, .. } => self.unwritable(&error),
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

/// The origin of the log's problems.
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
/// A write to a full disk may write a part of the lines. The lock keeps others from appending to that part before it
/// is cut off. Without a lock there is no such guarantee: the next line then begins below the part.
fn write_whole(mut file: &File, lock: &FileLock<'_>, lines: &[u8]) -> io::Result<()> {
    let before = file.metadata()?.len();
    let written = match before > 0 && has_torn_end(file) {
        true => file.write_all(&[b"\n", lines].concat()),
        false => file.write_all(lines),
    };
    if written.is_err() && matches!(lock, FileLock::Locked(_)) && file.metadata()?.len() > before {
        file.set_len(before)?;
    }
    written
}

/// Returns whether the last line has no end: a program was killed while it wrote, or the machine was. If the file
/// cannot be read, this returns `false`.
fn has_torn_end(mut file: &File) -> bool {
    let mut last = [0];
    let is_read = file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
    is_read.is_ok() && last != *b"\n"
}

/// How long to wait for the lock. Every user who may read the file can lock it, and hold the lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait before the first and before each later attempt.
const MIN_PAUSE: Duration = Duration::from_micros(100);
const MAX_PAUSE: Duration = Duration::from_millis(20);

/// A lock of a file against other processes. Dropping it unlocks the file.
enum FileLock<'a> {
    Locked(&'a File),
    /// Another process has the lock.
    Blocked,
    /// The file system has no locks.
    Unsupported,
}

impl<'a> FileLock<'a> {
    fn of(file: &'a File, patience: Duration) -> Self {
        let (mut waited, mut pause) = (Duration::ZERO, MIN_PAUSE);
        loop {
            match file.try_lock() {
                Ok(()) => return Self::Locked(file),
                Err(TryLockError::WouldBlock) if waited >= patience => return Self::Blocked,
                Err(TryLockError::WouldBlock) => {
                    thread::sleep(pause);
                    waited += pause;
                    pause = (2 * pause).min(MAX_PAUSE);
                }
                Err(TryLockError::Error(error)) if error.kind() == IoKind::Interrupted => {}
                Err(TryLockError::Error(_)) => return Self::Unsupported,
            }
        }
    }
}

impl Drop for FileLock<'_> {
    fn drop(&mut self) {
        if let Self::Locked(file) = self {
            // Closing the file unlocks it as well.
            let _ = file.unlock();
        }
    }
}
