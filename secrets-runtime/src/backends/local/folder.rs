use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    backends::local::{error::failure, file_name::FileName, lock::Lock, system},
    core::error::{Error, ErrorKind},
};

/// What writers lock. It stays, empty, for as long as the store does.
const LOCK: &str = ".lock";

/// The two temporary files there can be. Their names are fixed: writers come one after another, so a file of
/// such a name that nobody holds the lock over is what a killed writer left, and finding it needs no search.
const DRAFT: &str = ".draft";
const PREVIOUS_DRAFT: &str = ".previous.draft";

/// The folder that holds the store's files.
#[derive(Debug)]
pub(super) struct StoreFolder {
    path: PathBuf,
}

impl StoreFolder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Checks that nobody else can get at what is in the folder. Returns whether the folder exists.
    pub(super) fn check(&self) -> Result<bool, Error> {
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(failure("look at the folder", &self.path, &error)),
        };
        if !metadata.is_dir() {
            return Err(
                self.refusal("is no folder", "set SECRETS_LOCAL_DIR to one, or move it away")
            );
        }
        match system::exposure(&metadata) {
            None => Ok(true),
            Some(it) => Err(self.refusal(&it.reason, &it.remedy)),
        }
    }

    /// Waits until no other writer is at work, and is the writer until the answer is dropped. Makes the
    /// folder if there is none, and takes away what a killed writer left.
    pub(super) fn lock(&self) -> Result<LockedFolder<'_>, Error> {
        self.make()?;
        self.check()?;
        let lock = Lock::wait(&self.file(LOCK))?;
        let locked = LockedFolder { folder: self, lock };
        locked.sweep();
        Ok(locked)
    }

    /// Takes away what a killed writer left, unless a writer is at work. Never waits and never fails: a
    /// reader does it by the way. Nothing is touched in a folder that others can get at.
    pub(super) fn sweep_if_idle(&self) {
        let is_there = |name| fs::symlink_metadata(self.file(name)).is_ok();
        if !is_there(DRAFT) && !is_there(PREVIOUS_DRAFT) || !matches!(self.check(), Ok(true)) {
            return;
        }
        if let Some(lock) = Lock::try_now(&self.file(LOCK)) {
            LockedFolder { folder: self, lock }.sweep();
        }
    }

    /// The names of the files that hold a current version, one at a time.
    pub(super) fn current_files(
        &self,
    ) -> Result<impl Iterator<Item = Result<String, Error>>, Error> {
        let fail = |error: io::Error| failure("list the folder", &self.path, &error);
        let entries = fs::read_dir(&self.path).map_err(fail)?;
        Ok(entries.filter_map(move |entry| match entry {
            // The names of ours are ASCII.
            Ok(entry) => {
                entry.file_name().into_string().ok().filter(|it| FileName::is_current(it)).map(Ok)
            }
            Err(error) => Some(Err(fail(error))),
        }))
    }

    fn make(&self) -> Result<(), Error> {
        match fs::metadata(&self.path) {
            Ok(metadata) => {
                // One that was made for the store beforehand, by `mkdir`, has the usual rights and nothing
                // in it that others could have read: the store makes it private and moves in.
                let adopt = system::is_own(&metadata)
                    && system::exposure(&metadata).is_some()
                    && fs::read_dir(&self.path).is_ok_and(|mut entries| entries.next().is_none());
                if adopt {
                    system::close_folder(&self.path)
                        .map_err(|error| failure("close the folder", &self.path, &error))?;
                }
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                system::create_folder(&self.path)
                    .map_err(|error| failure("make the folder", &self.path, &error))
            }
            Err(error) => Err(failure("look at the folder", &self.path, &error)),
        }
    }

    fn refusal(&self, reason: &str, help: &str) -> Error {
        let message = format!("the store's folder {} {reason}", self.path.display());
        Error::new(ErrorKind::InvalidConfig, message).with_help(help)
    }
}

/// The folder, and the right to write in it.
#[derive(Debug)]
pub(super) struct LockedFolder<'a> {
    folder: &'a StoreFolder,
    lock: Lock,
}

impl LockedFolder<'_> {
    /// Whether there is any secret.
    pub(super) fn holds_secrets(&self) -> Result<bool, Error> {
        self.folder.current_files()?.next().transpose().map(|first| first.is_some())
    }

    /// Makes `content` the current version, and what was current the previous one.
    ///
    /// A reader, also one after a loss of power, finds the old or the new content under each name,
    /// whole. After a writer that was killed in between, the previous version may be the current one already.
    pub(super) fn replace(&self, name: &FileName, content: &[u8]) -> Result<(), Error> {
        let path = self.folder.file(&name.current());
        let done = self.replace_files(&path, &self.folder.file(&name.previous()), content);
        if done.is_err() && self.still_alone().is_ok() {
            self.sweep();
        }
        done.map_err(|error| failure("write", &path, &error))
    }

    fn replace_files(&self, current: &Path, previous: &Path, content: &[u8]) -> io::Result<()> {
        let draft = self.folder.file(DRAFT);
        self.still_alone()?;
        write_new(&draft, content)?;
        self.still_alone()?;
        if fs::exists(current)? {
            let previous_draft = self.folder.file(PREVIOUS_DRAFT);
            // Where the file system has no links, a copy is as good.
            fs::hard_link(current, &previous_draft)
                .or_else(|_| write_new(&previous_draft, &fs::read(current)?))?;
            fs::rename(&previous_draft, previous)?;
            // Renaming does nothing if both are the same file already, as after a writer that was killed here.
            remove(&previous_draft)?;
        } else {
            // What is left of a secret that was deleted is not a version of the new one.
            remove(previous)?;
        }
        fs::rename(&draft, current)?;
        system::sync_folder(&self.folder.path)
    }

    /// Fails once the file that is locked is not the one that others would lock: they do not wait then, and
    /// the drafts may be theirs.
    fn still_alone(&self) -> io::Result<()> {
        if self.lock.is_at(&self.folder.file(LOCK))? {
            return Ok(());
        }
        Err(io::Error::other("its lock file was removed while it was written; try again"))
    }

    /// Removes both versions. Returns whether there was a current one.
    pub(super) fn remove(&self, name: &FileName) -> Result<bool, Error> {
        let path = self.folder.file(&name.current());
        // The previous one first: a secret that is half deleted is still there as it was.
        let done = remove(&self.folder.file(&name.previous()))
            .and_then(|_| remove(&path))
            .and_then(|was_there| system::sync_folder(&self.folder.path).map(|()| was_there));
        done.map_err(|error| failure("delete", &path, &error))
    }

    /// Takes away what a writer left that was killed or failed.
    fn sweep(&self) {
        for name in [DRAFT, PREVIOUS_DRAFT] {
            // If it cannot be removed, the next write says why.
            let _ = remove(&self.folder.file(name));
        }
    }
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = system::create_new(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Removes a file, and returns whether there was one.
fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_writer_whose_lock_file_is_removed_replaces_nothing() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = StoreFolder::new(temporary.path().join("store"));
        let name = FileName::of("a");
        let locked = folder.lock().expect("it is locked");
        locked.replace(&name, b"one").expect("it is written");
        fs::remove_file(folder.file(LOCK)).expect("it is removed");
        let other = folder.lock().expect("nobody holds what is there now");
        fs::write(folder.file(DRAFT), "the other's").expect("it is written");
        let error = locked.replace(&name, b"two").expect_err("it is not alone");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(folder.file(DRAFT).exists(), "it took the other's draft away");
        other.sweep();
        other.replace(&name, b"three").expect("it is written");
        let content = fs::read(folder.file(&name.current())).expect("it is read");
        assert_eq!(content, b"three");
    }
}
