//! Changes of several files at once: all of them happen, or none.
//!
//! The new files are written into a folder beside the others. A rename of that folder is the moment at which all of
//! them count; then each is moved to its place. The next one to lock the store completes what a killed
//! writer has left.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::backends::local::{file_name::FileName, system};

/// The folder of files that do not count yet.
pub(super) const STAGED: &str = ".staged";
/// The folder of files that count, and may not be at their places yet.
pub(super) const COMMITTED: &str = ".committed";
/// What the name of a mark ends with: the file named before it is to be removed.
const GONE: &str = ".gone";

/// What happens to one secret.
#[derive(Debug)]
pub(super) enum Edit {
    /// It gets a new version; its current version becomes the previous one.
    Write { name: FileName, content: String },
    /// It gets these versions, and loses those that it has.
    Restore { name: FileName, current: String, previous: Option<String> },
    /// It is removed, with its previous version.
    Remove { name: FileName },
}

/// The two folders, in that of the store.
pub(super) struct Journal<'a> {
    folder: &'a Path,
}

impl<'a> Journal<'a> {
    pub(super) fn of(folder: &'a Path) -> Self {
        Self { folder }
    }

    /// Writes the files of all edits, so that nothing but moving them is left to do.
    pub(super) fn stage(&self, edits: &[Edit]) -> io::Result<()> {
        system::create_folder(&self.staged())?;
        for edit in edits {
            self.stage_one(edit)?;
        }
        system::sync_folder(&self.staged())
    }

    fn stage_one(&self, edit: &Edit) -> io::Result<()> {
        match edit {
            Edit::Write { name, content } => {
                let current = self.folder.join(name.current());
                if fs::exists(&current)? {
                    link_or_copy(&current, &self.staged().join(name.previous()))?;
                } else {
                    // What is left of a secret that was deleted is not a version of the new one.
                    self.mark_gone(&name.previous())?;
                }
                write_new(&self.staged().join(name.current()), content.as_bytes())
            }
            Edit::Restore { name, current, previous } => {
                match previous {
                    Some(content) => {
                        write_new(&self.staged().join(name.previous()), content.as_bytes())?;
                    }
                    None => self.mark_gone(&name.previous())?,
                }
                write_new(&self.staged().join(name.current()), current.as_bytes())
            }
            Edit::Remove { name } => {
                self.mark_gone(&name.previous())?;
                self.mark_gone(&name.current())
            }
        }
    }

    fn mark_gone(&self, file: &str) -> io::Result<()> {
        if fs::exists(self.folder.join(file))? {
            // It has no content to sync; its name is synced with the folder.
            system::create_new(&self.staged().join(format!("{file}{GONE}")))?;
        }
        Ok(())
    }

    /// Returns whether there are edits that count.
    pub(super) fn is_committed(&self) -> bool {
        fs::symlink_metadata(self.committed()).is_ok()
    }

    /// Makes the edits count. If it fails, none of them does, unless they [are committed](Self::is_committed).
    pub(super) fn commit(&self) -> io::Result<()> {
        fs::rename(self.staged(), self.committed())?;
        let synced = system::sync_folder(self.folder);
        if synced.is_err() {
            fs::rename(self.committed(), self.staged())?;
        }
        synced
    }

    /// Moves the files that count to their places. It can be done again if it fails.
    pub(super) fn complete(&self) -> io::Result<()> {
        let committed = self.committed();
        let mut moves = Vec::new();
        for entry in fs::read_dir(&committed)? {
            if let Ok(file) = entry?.file_name().into_string() {
                let target = file.strip_suffix(GONE).unwrap_or(&file).to_owned();
                // A previous version comes before the current one that makes it so, and a secret disappears last:
                // a reader finds one that is renamed under one of its names at every moment.
                moves.push((FileName::is_current(&target), target != file, target, file));
            }
        }
        moves.sort();
        for (_, is_gone, target, file) in moves {
            let (from, to) = (committed.join(file), self.folder.join(target));
            if is_gone {
                remove(&to)?;
            } else {
                fs::rename(&from, &to)?;
            }
            // Renaming does nothing if both are one file already, as after a writer that was killed here.
            remove(&from)?;
        }
        system::sync_folder(self.folder)?;
        fs::remove_dir(committed)
    }

    /// Completes what counts, and removes what does not.
    pub(super) fn recover(&self) -> io::Result<()> {
        if self.is_committed() {
            self.complete()?;
        }
        self.discard();
        Ok(())
    }

    /// Removes what does not count. If it cannot be removed, the next change says why.
    pub(super) fn discard(&self) {
        let _ = fs::remove_dir_all(self.staged());
    }

    fn staged(&self) -> PathBuf {
        self.folder.join(STAGED)
    }

    fn committed(&self) -> PathBuf {
        self.folder.join(COMMITTED)
    }
}

/// Creates a second name of a file. Where the file system has no links, a copy is as good.
pub(super) fn link_or_copy(file: &Path, name: &Path) -> io::Result<()> {
    fs::hard_link(file, name).or_else(|_| write_new(name, &fs::read(file)?))
}

/// Writes a file that must not exist yet.
pub(super) fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = system::create_new(path)?;
    file.write_all(content)?;
    system::sync_file(&file)
}

/// Removes a file, and returns whether there was one.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
