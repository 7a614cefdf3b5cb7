//! Checks whether somebody else could have written a file: a file planted in a shared folder must not decide
//! where secrets are read from, or with which key they are encrypted.

#[cfg(unix)]
mod accounts;
#[cfg(unix)]
mod links;
#[cfg(unix)]
mod metadata;
pub(crate) mod permission_problem;
#[cfg(all(test, unix))]
mod tests;

#[cfg(all(unix, feature = "exec"))]
use std::collections::BTreeSet;
use std::{fs::File, path::Path};

use crate::permissions::permission_problem::PermissionProblem;

/// Opens a file that only the user and root can have written or replaced.
///
/// It is opened once, and the open file is checked; its folders are checked by [`check_folders`].
#[cfg(unix)]
pub(crate) fn open(path: &Path) -> Result<File, PermissionProblem> {
    let (file, facts) = open_with_facts(path)?;
    facts.check(path)?;
    check_folders(path)?;
    Ok(file)
}

/// Opens a file that somebody vouches for by naming it: it may belong to any one user, if nobody but that user, the
/// user of this process and root can have written or replaced it.
#[cfg(unix)]
pub(crate) fn open_named(path: &Path) -> Result<File, PermissionProblem> {
    let (file, facts) = open_with_facts(path)?;
    facts.check_beside(facts.owner, path)?;
    for folder in links::folders(path)? {
        let folder_facts = metadata::FileFacts::of_path(&folder);
        let folder_facts =
            folder_facts.map_err(|error| PermissionProblem::unreadable(&folder, error))?;
        folder_facts.check_beside(facts.owner, &folder)?;
    }
    Ok(file)
}

/// Checks that a program can be run, and that only the user and root can have written or replaced it.
///
/// It need not be readable. Its folder is checked by [`check_folders`], and so are all folders above. So nobody else can
/// replace it between this check and its start, and the start needs no open file.
#[cfg(all(unix, feature = "exec"))]
pub(crate) fn check_program(path: &Path) -> Result<(), PermissionProblem> {
    let facts = metadata::FileFacts::of_path(path);
    let facts = facts.map_err(|error| PermissionProblem::unreadable(path, error))?;
    let refused = |what: &str, help: String| {
        Err(PermissionProblem::Exposed { message: format!("{} {what}", path.display()), help })
    };
    if !facts.is_file() {
        return refused("is not a file", "name the program itself".to_owned());
    }
    if facts.mode & 0o111 == 0 {
        let word = secrets_spec::shell_word(&path.to_string_lossy());
        return refused("cannot be executed", format!("chmod +x {word}"));
    }
    facts.check(path)?;
    let folders = links::folders(path)?;
    check_each(&folders, metadata::FileFacts::check)?;
    // Who may rename a folder can put another one in its place.
    let above: BTreeSet<&Path> = folders.iter().flat_map(|it| it.ancestors().skip(1)).collect();
    check_each(above, metadata::FileFacts::check_above)
}

/// Opens a file to append to it, and creates it with mode 0600 if there is none: a log that only the user and root can
/// write or replace. It is opened once, and the open file is checked. It can be read too, if its mode allows it.
///
/// A symbolic link is not followed, and nothing but a regular file is opened.
#[cfg(unix)]
pub(crate) fn open_to_append(path: &Path) -> Result<File, PermissionProblem> {
    use std::{fs, io, os::unix::fs::OpenOptionsExt};

    use rustix::fs::OFlags;

    check_folders(path)?;
    let unreadable = |error| PermissionProblem::unreadable(path, error);
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {
            let message = format!("{} is a symbolic link, which is not followed", path.display());
            return Err(PermissionProblem::Exposed {
                message,
                help: "name the file itself".to_owned(),
            });
        }
        // To open a pipe without a reader is an error that does not say so.
        Ok(metadata) if !metadata.is_file() => return Err(irregular(path)),
        _ => {}
    }
    // The path may lead somewhere else by now. Opening a pipe must not block.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut options = File::options();
    options.read(true).append(true).custom_flags(flags);
    let opened = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Another process may create it first.
            options.create(true).mode(0o600).open(path)
        }
        // It may be a log that its owner only writes.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            options.read(false).open(path)
        }
        opened => opened,
    };
    let file = opened.map_err(unreadable)?;
    check_open(&file, path)?;
    Ok(file)
}

/// Checks that only the user and root can write a file that is open for appending.
#[cfg(unix)]
pub(crate) fn check_open(file: &File, path: &Path) -> Result<(), PermissionProblem> {
    let unreadable = |error| PermissionProblem::unreadable(path, error);
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(irregular(path));
    }
    metadata::FileFacts::of_file(file).map_err(unreadable)?.check(path)
}

#[cfg(unix)]
fn irregular(path: &Path) -> PermissionProblem {
    let message = format!("{} is not a regular file", path.display());
    PermissionProblem::Exposed { message, help: "remove it".to_owned() }
}

#[cfg(unix)]
fn open_with_facts(path: &Path) -> Result<(File, metadata::FileFacts), PermissionProblem> {
    use std::os::unix::fs::OpenOptionsExt;

    let unreadable = |error| PermissionProblem::unreadable(path, error);
    // Without `NONBLOCK`, opening a planted pipe would block forever.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let facts = metadata::FileFacts::of_file(&file).map_err(unreadable)?;
    Ok((file, facts))
}

/// Checks that only the user and root can replace the file at `path`, which need not exist. It checks the
/// folder of the file and of each link on the way, since anybody who can write there decides where the link
/// leads.
///
/// - On most file systems it checks the owner and the mode.
/// - On a read-only file system it checks the owner alone: Kubernetes mounts a ConfigMap read-only, in a
///   folder of mode 0777.
/// - An access control list that lets others write is visible in the bits of the group, so it is found too,
///   unless the group is the owner's private one.
/// - The folders above these are not checked. Those of a program are, by `check_program`.
#[cfg(unix)]
pub(crate) fn check_folders(path: &Path) -> Result<(), PermissionProblem> {
    check_each(links::folders(path)?, metadata::FileFacts::check)
}

#[cfg(unix)]
fn check_each(
    folders: impl IntoIterator<Item = impl AsRef<Path>>,
    check: impl Fn(&metadata::FileFacts, &Path) -> Result<(), PermissionProblem>,
) -> Result<(), PermissionProblem> {
    for folder in folders {
        let folder = folder.as_ref();
        let facts = metadata::FileFacts::of_path(folder);
        check(&facts.map_err(|error| PermissionProblem::unreadable(folder, error))?, folder)?;
    }
    Ok(())
}

/// Returns a user in words: the number, and the name if the user has an account on this machine.
#[cfg(unix)]
pub(crate) fn user_name(user: u32) -> String {
    match accounts::Accounts::of_the_system().name_of(user) {
        Some(name) => format!("the user {user} ({name})"),
        None => format!("the user {user}"),
    }
}

/// Opens a file. On this platform modes and owners do not say who can write it.
#[cfg(not(unix))]
pub(crate) fn open(path: &Path) -> Result<File, PermissionProblem> {
    File::open(path).map_err(|error| PermissionProblem::unreadable(path, error))
}

/// Opens a file. On this platform modes and owners do not say who can write it.
#[cfg(not(unix))]
pub(crate) fn open_named(path: &Path) -> Result<File, PermissionProblem> {
    open(path)
}

/// Opens a file to append to it. On this platform modes and owners do not say who can write it.
#[cfg(not(unix))]
pub(crate) fn open_to_append(path: &Path) -> Result<File, PermissionProblem> {
    let opened = File::options().read(true).append(true).create(true).open(path);
    opened.map_err(|error| PermissionProblem::unreadable(path, error))
}

/// Checks nothing, since on this platform modes and owners do not say who can write a file.
#[cfg(not(unix))]
pub(crate) fn check_open(_file: &File, _path: &Path) -> Result<(), PermissionProblem> {
    Ok(())
}

/// Checks nothing, since on this platform modes and owners do not say who can write a folder.
#[cfg(not(unix))]
pub(crate) fn check_folders(_path: &Path) -> Result<(), PermissionProblem> {
    Ok(())
}
