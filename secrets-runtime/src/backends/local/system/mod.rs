//! What a file system does differently from one operating system to the next.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(super) use crate::backends::local::system::other::{
    close_folder, create_folder, create_new, exposure, has_one_name, is_at, is_own, open,
    open_lock, owner_of, sync_file, sync_folder,
};
#[cfg(unix)]
pub(super) use crate::backends::local::system::unix::{
    close_folder, create_folder, create_new, exposure, has_one_name, is_at, is_own, open,
    open_lock, owner_of, sync_file, sync_folder,
};

use std::path::PathBuf;

/// To whom a place belongs that the system does not let this user into.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) place: PathBuf,
    /// The user in words, such as `the user 0 (root)`.
    pub(super) name: String,
    pub(super) is_self: bool,
}

/// Why a file or folder is not private, as the end of a sentence about it, and what to do.
#[derive(Debug)]
pub(super) struct Exposure {
    pub(super) reason: String,
    pub(super) remedy: String,
}

/// A disk that is full at a moment that a test chooses.
#[cfg(all(test, unix))]
pub(super) mod fault {
    use std::{cell::Cell, io};

    thread_local! {
        static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// Makes the next sync but `after` of this thread fail, and those that follow it not.
    pub(in super::super) fn fail_sync(after: usize) {
        LEFT.set(Some(after));
    }

    pub(super) fn next_sync() -> io::Result<()> {
        match LEFT.get() {
            None => Ok(()),
            Some(0) => {
                LEFT.set(None);
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            Some(left) => {
                LEFT.set(Some(left - 1));
                Ok(())
            }
        }
    }
}
