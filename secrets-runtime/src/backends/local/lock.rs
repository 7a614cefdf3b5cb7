use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use super::system;

/// An advisory lock on a file of its own, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Waits for the lock on the file at `path`, which is made if need be.
    pub(super) fn wait(path: &Path) -> io::Result<Self> {
        let file = system::open_lock(path)?;
        loop {
            match file.lock() {
                // A signal, which is not ours to judge.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done.map(|()| Self(file)),
            }
        }
    }

    /// The lock, if nobody holds it.
    pub(super) fn try_now(path: &Path) -> Option<Self> {
        let file = system::open_lock(path).ok()?;
        match file.try_lock() {
            Ok(()) => Some(Self(file)),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
        }
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
