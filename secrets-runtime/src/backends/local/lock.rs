use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use crate::{
    backends::local::{
        error::{failure, refusal},
        system,
    },
    core::error::{Error, ErrorKind},
};

/// An advisory lock on a file of its own, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Waits for the lock on the file at `path`, which is made if need be.
    pub(super) fn wait(path: &Path) -> Result<Self, Error> {
        Self::wait_for(path, system::open_lock)
    }

    fn wait_for(path: &Path, open: impl Fn(&Path) -> io::Result<File>) -> Result<Self, Error> {
        let fail = |error: io::Error| failure("lock", path, &error);
        // Tries again whenever the file was replaced while this process waited for it: the next process locks the
        // new file, and two processes that lock different files do not exclude each other.
        for _ in 0..1000 {
            let file = open(path).map_err(fail)?;
            check(&file, path)?;
            loop {
                match file.lock() {
                    // A signal, which is not for us to handle.
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    done => break done.map_err(fail)?,
                }
            }
            let lock = Self(file);
            if lock.is_at(path).map_err(fail)? {
                return Ok(lock);
            }
        }
        let message = format!("the lock file {} vanishes as soon as it is made", path.display());
        Err(Error::new(ErrorKind::Unavailable, message))
    }

    /// The lock, if nobody holds it.
    pub(super) fn try_now(path: &Path) -> Option<Self> {
        let file = system::open_lock(path).ok()?;
        check(&file, path).ok()?;
        let lock = match file.try_lock() {
            Ok(()) => Self(file),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
        };
        lock.is_at(path).is_ok_and(|is_at| is_at).then_some(lock)
    }

    /// Whether the file that is locked is still the one that others find.
    pub(super) fn is_at(&self, path: &Path) -> io::Result<bool> {
        system::is_at(&self.0, path)
    }

    pub(super) fn file(&mut self) -> &mut File {
        &mut self.0
    }
}

impl Drop for Lock {
    /// Closing the file would not do: a child that another thread is just starting shares the lock until it
    /// becomes another program.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Checks that no other user can open the file: such a user could hold the lock for ever.
fn check(file: &File, path: &Path) -> Result<(), Error> {
    let metadata = file.metadata().map_err(|error| failure("lock", path, &error))?;
    if !metadata.is_file() {
        return Err(refusal(path, "is no regular file", "move it away"));
    }
    match system::exposure(&metadata) {
        None => Ok(()),
        Some(it) => Err(refusal(path, &it.reason, &it.remedy)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{cell::Cell, fs};

    use super::*;

    #[test]
    fn a_lock_is_on_the_file_that_is_there_when_it_is_held() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".lock");
        let exchanges = Cell::new(3);
        let lock = Lock::wait_for(&path, |path| {
            let file = system::open_lock(path)?;
            // As if it were exchanged while the lock is waited for.
            if exchanges.get() > 0 {
                exchanges.set(exchanges.get() - 1);
                fs::remove_file(path)?;
                drop(system::create_new(path)?);
            }
            Ok(file)
        });
        assert!(lock.expect("it is locked").is_at(&path).expect("it can be told"));
        assert_eq!(exchanges.get(), 0);
    }

    #[test]
    fn a_lock_file_that_always_vanishes_is_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".lock");
        let lock = Lock::wait_for(&path, |path| {
            let file = system::open_lock(path)?;
            fs::remove_file(path)?;
            Ok(file)
        });
        assert_eq!(lock.expect_err("it vanishes").kind(), ErrorKind::Unavailable);
    }
}
