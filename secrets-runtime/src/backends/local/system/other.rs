//! Files where there are no modes and owners as on Unix: what protects them is the access list that a folder
//! in the user's profile has. Written for Windows, and untested.

use std::{
    fs::{File, Metadata, OpenOptions},
    io,
    path::Path,
};

use crate::backends::local::system::{Exposure, Owner};

pub(in super::super) fn open(path: &Path, follow: bool) -> io::Result<File> {
    if !follow && std::fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::other("it is a link"));
    }
    File::open(path)
}

pub(in super::super) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

pub(in super::super) fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

pub(in super::super) fn create_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

pub(in super::super) fn close_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

pub(in super::super) fn sync_file(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// A folder cannot be opened as a file here, and the file system's own journal orders the renames.
pub(in super::super) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

pub(in super::super) fn is_at(_file: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

pub(in super::super) fn has_one_name(_metadata: &Metadata) -> bool {
    true
}

pub(in super::super) fn is_own(_metadata: &Metadata) -> bool {
    true
}

pub(in super::super) fn owner_of(_path: &Path) -> Option<Owner> {
    None
}

pub(in super::super) fn exposure(_metadata: &Metadata) -> Option<Exposure> {
    None
}
