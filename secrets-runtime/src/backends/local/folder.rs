use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    backends::local::{
        error::failure,
        file_name::FileName,
        journal::{COMMITTED, Edit, Journal, STAGED, link_or_copy, remove, write_new},
        lock::Lock,
        system,
    },
    core::error::{Error, ErrorKind},
};

/// What writers lock. It stays, empty, for as long as the store does.
const LOCK: &str = ".lock";

/// The two temporary files there can be. Their names are fixed: writers come one after another, so a file of
/// such a name that nobody holds the lock over is what a killed writer left, and finding it needs no search.
const DRAFT: &str = ".draft";
const PREVIOUS_DRAFT: &str = ".previous.draft";

/// The help for a change that is made, and that the disk has not kept yet.
const NOT_AGAIN: &str = "look after its disk; the change need not be made again";

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
                self.refusal("is not a folder", "set SECRETS_LOCAL_DIR to one, or move it away")
            );
        }
        match system::exposure(&metadata) {
            None => Ok(true),
            Some(it) => Err(self.refusal(&it.reason, &it.remedy)),
        }
    }

    /// Waits at most this long until no other writer is at work, and is the writer until the answer is dropped.
    /// Makes the folder if there is none, and completes or takes away what a killed writer left.
    pub(super) fn lock(&self, timeout: Duration) -> Result<LockedFolder<'_>, Error> {
        self.make()?;
        self.check()?;
        let lock = Lock::wait(&self.file(LOCK), timeout)?;
        let locked = LockedFolder { folder: self, lock };
        locked.sweep().map_err(|error| self.incomplete(&error))?;
        Ok(locked)
    }

    /// Completes or takes away what a killed writer left, unless a writer is at work. Never waits and never fails: a
    /// reader does it by the way. Nothing is touched in a folder that others can get at.
    pub(super) fn sweep_if_idle(&self) {
        let is_there = |name: &&str| fs::symlink_metadata(self.file(name)).is_ok();
        let is_left = [DRAFT, PREVIOUS_DRAFT, STAGED, COMMITTED].iter().any(is_there);
        if !is_left || !matches!(self.check(), Ok(true)) {
            return;
        }
        if let Some(lock) = Lock::try_now(&self.file(LOCK)) {
            // If it fails, the next writer says why.
            let _ = LockedFolder { folder: self, lock }.sweep();
        }
    }

    /// The error of changes that count and are not at their places.
    fn incomplete(&self, error: &io::Error) -> Error {
        failure("complete the changes in the folder", &self.path, error)
            .append("; they are recorded, and the next command that uses the store completes them")
            .with_help("once the disk works again, `secrets list` completes them")
    }

    /// The names of the files that hold a current version, one at a time.
    pub(super) fn current_files(
        &self,
    ) -> Result<impl Iterator<Item = Result<String, Error>> + use<>, Error> {
        let path = self.path.clone();
        let fail = move |error: io::Error| failure("list the folder", &path, &error);
        let entries = fs::read_dir(&self.path).map_err(&fail)?;
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
        self.current_files()?.next().transpose().map(|first| first.is_some())
    }

    /// The names of the files that hold a current version, one at a time.
    pub(super) fn current_files(
        &self,
    ) -> Result<impl Iterator<Item = Result<String, Error>> + use<>, Error> {
        self.folder.current_files()
    }

    /// Carries out all of these edits, or none of them. An error says if something was changed nevertheless.
    pub(super) fn apply(&self, edits: &[Edit]) -> Result<(), Error> {
        match edits {
            [] => Ok(()),
            // One secret needs no journal: each of its files is replaced by one rename.
            [Edit::Write { name, content }] => self.replace(name, content.as_bytes()),
            [Edit::Remove { name }] => self.remove(name),
            edits => self.apply_together(edits),
        }
    }

    fn apply_together(&self, edits: &[Edit]) -> Result<(), Error> {
        let path = &self.folder.path;
        let journal = Journal::of(path);
        let commit = || {
            self.still_alone()?;
            journal.stage(edits)?;
            self.still_alone()?;
            journal.commit()
        };
        if let Err(error) = commit() {
            if journal.is_committed() {
                return Err(self.folder.incomplete(&error));
            }
            if self.still_alone().is_ok() {
                journal.discard();
            }
            return Err(
                failure("write to the folder", path, &error).append("; nothing was changed")
            );
        }
        journal.complete().map_err(|error| self.folder.incomplete(&error))
    }

    /// Makes `content` the current version, and what was current the previous one.
    ///
    /// A reader, also one after a loss of power, finds the old or the new content under each name,
    /// whole. After a writer that was killed in between, the previous version may be the current one already.
    fn replace(&self, name: &FileName, content: &[u8]) -> Result<(), Error> {
        let path = self.folder.file(&name.current());
        let mut progress = Progress::Unchanged;
        let previous = self.folder.file(&name.previous());
        let done = self.replace_files(&path, &previous, content, &mut progress);
        if done.is_err() && self.still_alone().is_ok() {
            self.sweep_drafts();
        }
        done.map_err(|error| match progress {
            Progress::Unchanged => failure("write", &path, &error).append("; nothing was changed"),
            Progress::HalfDone => failure("write", &path, &error)
                .append("; the current version was not changed, but is the previous one too now"),
            Progress::NotSynced => failure("sync the folder of", &path, &error)
                .append("; the new version was written, but may be lost if the power fails now")
                .with_help(NOT_AGAIN),
        })
    }

    fn replace_files(
        &self,
        current: &Path,
        previous: &Path,
        content: &[u8],
        progress: &mut Progress,
    ) -> io::Result<()> {
        let draft = self.folder.file(DRAFT);
        self.still_alone()?;
        write_new(&draft, content)?;
        self.still_alone()?;
        if fs::exists(current)? {
            let previous_draft = self.folder.file(PREVIOUS_DRAFT);
            link_or_copy(current, &previous_draft)?;
            fs::rename(&previous_draft, previous)?;
            *progress = Progress::HalfDone;
            // Renaming does nothing if both are the same file already, as after a writer that was killed here.
            remove(&previous_draft)?;
        } else {
            // What is left of a secret that was deleted is not a version of the new one.
            remove(previous)?;
        }
        fs::rename(&draft, current)?;
        *progress = Progress::NotSynced;
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

    /// Removes both versions.
    fn remove(&self, name: &FileName) -> Result<(), Error> {
        let path = self.folder.file(&name.current());
        let mut progress = Progress::Unchanged;
        let mut remove_files = || {
            // The previous one first: a secret that is half deleted is still there as it was.
            if remove(&self.folder.file(&name.previous()))? {
                progress = Progress::HalfDone;
            }
            remove(&path)?;
            progress = Progress::NotSynced;
            system::sync_folder(&self.folder.path)
        };
        let done = remove_files();
        done.map_err(|error| match progress {
            Progress::Unchanged => failure("delete", &path, &error).append("; nothing was changed"),
            Progress::HalfDone => failure("delete", &path, &error)
                .append("; its previous version was deleted, and the current one was not changed"),
            Progress::NotSynced => failure("sync the folder of", &path, &error)
                .append("; the secret was deleted, but may come back if the power fails now")
                .with_help(NOT_AGAIN),
        })
    }

    /// Completes or takes away what a writer left that was killed or failed.
    fn sweep(&self) -> io::Result<()> {
        self.sweep_drafts();
        Journal::of(&self.folder.path).recover()
    }

    fn sweep_drafts(&self) {
        for name in [DRAFT, PREVIOUS_DRAFT] {
            // If it cannot be removed, the next write says why.
            let _ = remove(&self.folder.file(name));
        }
    }
}

/// How far a change of one secret has come.
#[derive(Debug, Clone, Copy)]
enum Progress {
    Unchanged,
    /// The previous version was changed, and the current one was not.
    HalfDone,
    /// It is done, but a loss of power may undo it.
    NotSynced,
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_writer_whose_lock_file_is_removed_replaces_nothing() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = StoreFolder::new(temporary.path().join("store"));
        let name = FileName::of("a");
        let locked = folder.lock(Duration::ZERO).expect("it is locked");
        locked.replace(&name, b"one").expect("it is written");
        fs::remove_file(folder.file(LOCK)).expect("it is removed");
        let other = folder.lock(Duration::ZERO).expect("nobody holds what is there now");
        fs::write(folder.file(DRAFT), "the other's").expect("it is written");
        let error = locked.replace(&name, b"two").expect_err("it is not alone");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(folder.file(DRAFT).exists(), "it took the other's draft away");
        other.sweep().expect("it is swept");
        other.replace(&name, b"three").expect("it is written");
        let content = fs::read(folder.file(&name.current())).expect("it is read");
        assert_eq!(content, b"three");
    }
}
