//! Whether somebody else could have written a file: what is planted in a shared folder must not decide where
//! secrets are read from, nor with which key they are written.

#[cfg(unix)]
mod accounts;
pub(crate) mod insecure;
#[cfg(unix)]
mod links;
#[cfg(unix)]
mod metadata;
#[cfg(all(test, unix))]
mod tests;

use std::{fs::File, path::Path};

use crate::permissions::insecure::Insecure;

/// Opens a file that nobody but the user and root can have written, or exchanged.
///
/// It is opened once: what is checked is the open file, and the folders by [`check_folders`].
#[cfg(unix)]
pub(crate) fn open(path: &Path) -> Result<File, Insecure> {
    use std::os::unix::fs::OpenOptionsExt;

    let unreadable = |error| Insecure::unreadable(path, error);
    // Without `NONBLOCK` a planted pipe would hold us up forever.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    metadata::FileFacts::of_file(&file).map_err(unreadable)?.check(path)?;
    check_folders(path)?;
    Ok(file)
}

/// Checks that nobody but the user and root can exchange the file at `path`, which need not be there: its
/// folder, and where links lead to it, the folder of each link on the way, since who can write there
/// decides where the link leads.
///
/// What is checked is the owner and the mode; on a file system that is mounted read-only, as Kubernetes mounts
/// a ConfigMap (in a folder of mode 0777), the owner alone. An access control list that lets others write shows
/// in the group's bits, so that it is noticed too, unless the group is the owner's private one. The folders
/// above these are not checked.
#[cfg(unix)]
pub(crate) fn check_folders(path: &Path) -> Result<(), Insecure> {
    for folder in links::folders(path)? {
        let facts = metadata::FileFacts::of_folder(&folder);
        facts.map_err(|error| Insecure::unreadable(&folder, error))?.check(&folder)?;
    }
    Ok(())
}

/// Opens a file. Elsewhere modes and owners say nothing about who can write it.
#[cfg(not(unix))]
pub(crate) fn open(path: &Path) -> Result<File, Insecure> {
    File::open(path).map_err(|error| Insecure::unreadable(path, error))
}

/// Checks nothing, as elsewhere modes and owners say nothing about who can write a folder.
#[cfg(not(unix))]
pub(crate) fn check_folders(_path: &Path) -> Result<(), Insecure> {
    Ok(())
}
