//! The folder in memory with the files of the steps of this process.
//!
//! It is `secrets-run-RANDOM`, mode 0700, and locked while the process lives and has a file there. If its lock is
//! free, the process that created it was killed: the next process that creates such a folder removes it. Folders of
//! other programs are left alone, even if their names look alike: ours contain only files of mode 0600 with random
//! names.
//!
//! A child of `fork` shares the lock of its parent. It removes none of its parent's files, and creates a folder of its
//! own.

#![cfg(unix)]

#[cfg(test)]
mod tests;

use std::{
    ffi::CString,
    fs::File,
    io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use rustix::{
    fs::{
        AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, fchmod, flock, mkdirat, openat,
        statat, unlinkat,
    },
    io::{Errno, FdFlags, fcntl_setfd, retry_on_intr},
};

use crate::{
    core::{
        error::{Error, ErrorKind},
        warning::warn,
    },
    rt::process_local::ProcessLocal,
};

const PREFIX: &str = "secrets-run-";

/// The process's folder. It is removed with the last file in it.
///
/// The checks were made on the open folders, so files are created and removed through these, even if their paths have
/// changed since.
#[derive(Debug)]
pub(crate) struct RunDir {
    path: PathBuf,
    /// Open as long as this lives, since the lock is on it.
    handle: File,
    /// The folder that contains it, and its name there.
    root: File,
    name: String,
    /// The process that created it.
    process: u32,
}

static CURRENT: ProcessLocal<Mutex<Weak<RunDir>>> = ProcessLocal::new();

impl RunDir {
    /// Returns the folder that the process has, or else creates one: under `$XDG_RUNTIME_DIR` or `/dev/shm`
    /// if one of them is a file system in memory, else under the path that `setting` returns.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`] if there is no such folder; [`ErrorKind::InvalidConfig`] if the setting
    /// does not name a folder; the errors of `setting`.
    pub(crate) fn current(
        setting: impl FnOnce() -> Result<Option<PathBuf>, Error>,
    ) -> Result<Arc<Self>, Error> {
        let mut current = CURRENT.get().lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = current.upgrade() {
            return Ok(folder);
        }
        let folder = Arc::new(Self::somewhere(setting)?);
        *current = Arc::downgrade(&folder);
        Ok(folder)
    }

    /// Returns whether this process created the folder, and not its parent.
    pub(crate) fn is_own(&self) -> bool {
        self.process == std::process::id()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates a file that only its owner can open. It fails if the name is taken.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let made = retry_on_intr(|| openat(&self.handle, name, flags, mode));
        made.map(File::from).map_err(Errno::into)
    }

    /// Leaves the lock to the program that replaces this process, so that other processes do not remove the files
    /// while it runs.
    pub(crate) fn keep_locked_on_exec(&self) -> io::Result<()> {
        fcntl_setfd(&self.handle, FdFlags::empty()).map_err(Errno::into)
    }

    /// Removes a file.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        unlinkat(&self.handle, name, AtFlags::empty()).map_err(Errno::into)
    }

    fn somewhere(setting: impl FnOnce() -> Result<Option<PathBuf>, Error>) -> Result<Self, Error> {
        let runtime_dir = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let mut tried = Vec::new();
        match runtime_dir.filter(|path| path.is_absolute()) {
            None => tried.push("$XDG_RUNTIME_DIR is not set".to_owned()),
            Some(root) => match Self::under(&root, true) {
                Ok(folder) => return Ok(folder),
                Err(why) => tried.push(format!("$XDG_RUNTIME_DIR, {}, {why}", root.display())),
            },
        }
        match Self::under(Path::new("/dev/shm"), true) {
            Ok(folder) => return Ok(folder),
            Err(why) => tried.push(format!("/dev/shm {why}")),
        }
        let Some(root) = setting()? else {
            let message =
                format!("there is no place in memory for a secret's file: {}", tried.join("; "));
            return Err(Error::new(ErrorKind::NotSupported, message).with_help(
                "mount a tmpfs at /dev/shm, or set SECRETS_RUN_DIR to a folder that is yours \
                 alone (on a disk the files are on that disk until the step ends)",
            ));
        };
        Self::under(&root, false).map_err(|why| {
            let message = format!("SECRETS_RUN_DIR, {}, {why}", root.display());
            Error::new(ErrorKind::InvalidConfig, message)
                .with_help("name a folder that exists and that only you can write to")
        })
    }

    /// Creates a folder under `root`, or returns the reason why it cannot.
    fn under(root: &Path, in_memory: bool) -> Result<Self, String> {
        let cannot = |error: io::Error| format!("cannot be used ({error})");
        let root = std::path::absolute(root).map_err(cannot)?;
        let handle = File::open(&root).map_err(cannot)?;
        let known = handle.metadata().map_err(cannot)?;
        if !known.is_dir() {
            return Err("is not a folder".to_owned());
        }
        if in_memory && !is_tmpfs(&handle) {
            return Err("is not a tmpfs".to_owned());
        }
        if known.uid() != 0 && known.uid() != rustix::process::geteuid().as_raw() {
            return Err("belongs to another user".to_owned());
        }
        let (others_write, sticky) = (known.mode() & 0o022 != 0, known.mode() & 0o1000 != 0);
        if others_write && !sticky {
            return Err("can be written by others".to_owned());
        }
        let folder = Self::make(&root, handle).map_err(cannot)?;
        sweep(&folder.root);
        Ok(folder)
    }

    fn make(path: &Path, root: File) -> io::Result<Self> {
        loop {
            let name = format!("{PREFIX}{}", random_name()?);
            mkdirat(&root, &name, Mode::RWXU)?;
            // Before it is locked, another process may take it for an abandoned one and remove it. Then try
            // once more.
            let handle = match open_folder(&root, name.as_bytes()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            fchmod(&handle, Mode::RWXU)?;
            retry_on_intr(|| flock(&handle, FlockOperation::LockExclusive))?;
            match statat(&root, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                found => found?,
            };
            let path = path.join(&name);
            return Ok(Self { path, handle, root, name, process: std::process::id() });
        }
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        if !self.is_own() {
            return;
        }
        // Removed while it is locked, so that no other process removes it too.
        clear(&self.handle);
        if let Err(error) = unlinkat(&self.root, &self.name, AtFlags::REMOVEDIR)
            && error != Errno::NOENT
        {
            warn(&format!("the folder {} cannot be removed: {error}", self.path.display()));
        }
    }
}

/// Removes the folders of this user's dead processes. A folder that cannot be removed is left to the next
/// process.
fn sweep(root: &File) {
    let is_candidate = |name: &CString| {
        name.as_bytes().strip_prefix(PREFIX.as_bytes()).is_some_and(is_random_name)
    };
    for name in names(root).into_iter().filter(is_candidate) {
        let Ok(folder) = open_folder(root, name.as_bytes()) else { continue };
        // A living process holds the lock, and so does this one.
        if is_ours(&folder) && flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            clear(&folder);
            // Another process may have removed it in the meantime.
            let _ = unlinkat(root, &name, AtFlags::REMOVEDIR);
        }
    }
}

/// Whether a folder can only be one of ours: it and all files in it are accessible to this user alone.
fn is_ours(folder: &File) -> bool {
    let me = rustix::process::geteuid().as_raw();
    let is_private =
        folder.metadata().is_ok_and(|it| it.uid() == me && it.mode() & 0o7777 == 0o700);
    let is_secret_file = |name: &CString| {
        is_random_name(name.as_bytes())
            && statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|it| {
                FileType::from_raw_mode(it.st_mode) == FileType::RegularFile
                    && it.st_uid == me
                    && it.st_mode & 0o077 == 0
            })
    };
    is_private && names(folder).iter().all(is_secret_file)
}

/// Whether a name is one of [`random_name`].
fn is_random_name(name: &[u8]) -> bool {
    name.len() == 32 && name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Removes the files of a folder.
fn clear(folder: &File) {
    for name in names(folder) {
        // If a file cannot be removed, removing the folder fails too.
        let _ = unlinkat(folder, &name, AtFlags::empty());
    }
}

fn names(folder: &File) -> Vec<CString> {
    let Ok(entries) = Dir::read_from(folder) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_owned());
    names.filter(|name| !matches!(name.as_bytes(), b"." | b"..")).collect()
}

fn open_folder(root: &File, name: &[u8]) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(root, std::ffi::OsStr::from_bytes(name), flags, Mode::empty());
    opened.map(File::from).map_err(Errno::into)
}

/// Returns 128 random bits, in hex.
pub(crate) fn random_name() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

#[cfg(target_os = "linux")]
fn is_tmpfs(folder: &File) -> bool {
    // `TMPFS_MAGIC` of statfs(2), whose type differs from one machine to another.
    const TMPFS: i128 = 0x0102_1994;
    rustix::fs::fstatfs(folder).is_ok_and(|found| found.f_type as i128 == TMPFS)
}

/// Other systems have no such file system at a known path.
#[cfg(not(target_os = "linux"))]
fn is_tmpfs(_folder: &File) -> bool {
    false
}
