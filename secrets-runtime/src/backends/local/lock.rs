use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    backends::local::{
        error::{failure, refusal},
        system,
    },
    core::{
        error::{Error, ErrorKind},
        warning,
    },
};

/// How long a wait lasts before a person is told what is waited for.
const SILENCE: Duration = Duration::from_secs(1);
/// The longest pause between two attempts. A write takes a few milliseconds.
const MAX_PAUSE: Duration = Duration::from_millis(16);

/// An advisory lock on a file of its own, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Waits for the lock on the file at `path`, which is made if need be. Says so when it has waited for a second.
    ///
    /// # Errors
    /// `Timeout` if another process holds it all the time: one that was stopped may hold it for ever.
    pub(super) fn wait(path: &Path, timeout: Duration) -> Result<Self, Error> {
        Self::wait_for(path, timeout, system::open_lock)
    }

    fn wait_for(
        path: &Path,
        timeout: Duration,
        open: impl Fn(&Path) -> io::Result<File>,
    ) -> Result<Self, Error> {
        let mut wait = Wait::new(path, timeout);
        let fail = |error: io::Error| failure("lock", path, &error);
        // Tries again whenever the file was replaced while this process waited for it: the next process locks the
        // new file, and two processes that lock different files do not exclude each other.
        for _ in 0..1000 {
            let file = open(path).map_err(fail)?;
            check(&file, path)?;
            loop {
                match file.try_lock() {
                    Ok(()) => break,
                    Err(TryLockError::WouldBlock) => wait.pause()?,
                    // A signal, which is not for us to handle.
                    Err(TryLockError::Error(error))
                        if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(TryLockError::Error(error)) => return Err(fail(error)),
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

/// A wait for a lock. It asks again and again, since a thread that the system has put to sleep until it gets a lock
/// cannot give up.
struct Wait<'a> {
    path: &'a Path,
    timeout: Duration,
    start: Instant,
    pause: Duration,
    is_silent: bool,
}

impl<'a> Wait<'a> {
    fn new(path: &'a Path, timeout: Duration) -> Self {
        let pause = Duration::from_micros(250);
        Self { path, timeout, start: Instant::now(), pause, is_silent: true }
    }

    fn pause(&mut self) -> Result<(), Error> {
        let waited = self.start.elapsed();
        let path = self.path.display();
        if waited >= self.timeout {
            let message = format!(
                "another process has held the lock {path} for {} s; nothing was changed",
                self.timeout.as_secs()
            );
            return Err(Error::new(ErrorKind::Timeout, message).with_help(format!(
                "`fuser {path}` finds the process: let it go on, or end it, and try again; SECRETS_TIMEOUT says \
                 how many seconds are waited"
            )));
        }
        if self.is_silent && waited >= SILENCE {
            self.is_silent = false;
            warning::warn(&format!("waiting for another process, which holds the lock {path}"));
        }
        std::thread::sleep(self.pause.min(self.timeout - waited));
        self.pause = MAX_PAUSE.min(self.pause * 2);
        Ok(())
    }
}

/// Checks that no other user can open the file: such a user could hold the lock for ever.
fn check(file: &File, path: &Path) -> Result<(), Error> {
    let metadata = file.metadata().map_err(|error| failure("lock", path, &error))?;
    if !metadata.is_file() {
        return Err(refusal(path, "is not a regular file", "move it away"));
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
        let lock = Lock::wait_for(&path, Duration::ZERO, |path| {
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
        let lock = Lock::wait_for(&path, Duration::ZERO, |path| {
            let file = system::open_lock(path)?;
            fs::remove_file(path)?;
            Ok(file)
        });
        assert_eq!(lock.expect_err("it vanishes").kind(), ErrorKind::Unavailable);
    }

    #[test]
    fn a_lock_that_is_held_is_given_up_in_the_end_and_taken_when_it_is_free() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".lock");
        let held = Lock::wait(&path, Duration::ZERO).expect("nobody holds it");
        let error = Lock::wait(&path, Duration::ZERO).expect_err("it is held");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let text = error.to_string();
        assert!(text.contains(&path.display().to_string()), "{text}");
        assert!(text.contains("nothing was changed") && text.contains("SECRETS_TIMEOUT"), "{text}");
        let waiting = std::thread::spawn({
            let path = path.clone();
            move || Lock::wait(&path, Duration::from_secs(600)).map(drop)
        });
        drop(held);
        waiting.join().expect("it ends").expect("it becomes free");
    }
}
