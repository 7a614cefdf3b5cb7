//! Files and their rights on Unix.

use std::{
    fs::{DirBuilder, File, Metadata, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use rustix::{fs::OFlags, process::geteuid};

#[cfg(test)]
use crate::backends::local::system::fault;
use crate::{
    backends::local::{
        error::OWN_STORE,
        system::{Exposure, Owner},
    },
    permissions,
};

/// Opens an existing file for reading; a link is followed only if `follow`.
pub(in super::super) fn open(path: &Path, follow: bool) -> io::Result<File> {
    // Without `NONBLOCK` a planted pipe would hold us up forever.
    let links = if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
    OpenOptions::new().read(true).custom_flags(flags(links | OFlags::NONBLOCK)).open(path)
}

/// Makes a file that only its owner may read; it must not exist.
pub(in super::super) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Opens a file that is locked, and makes it if need be.
pub(in super::super) fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK)).open(path)
}

/// Makes a folder that only its owner may enter, and those above it.
pub(in super::super) fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a folder private that is not.
pub(in super::super) fn close_folder(path: &Path) -> io::Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// Makes the content of a file outlast a loss of power.
pub(in super::super) fn sync_file(file: &File) -> io::Result<()> {
    #[cfg(test)]
    fault::next_sync()?;
    file.sync_all()
}

/// Makes what was renamed in a folder outlast a loss of power.
pub(in super::super) fn sync_folder(path: &Path) -> io::Result<()> {
    sync_file(&File::open(path)?)
}

/// Whether `path` still names the open `file`.
pub(in super::super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the file has no other name.
pub(in super::super) fn has_one_name(metadata: &Metadata) -> bool {
    metadata.nlink() == 1
}

/// Whether the one who runs this owns the file.
pub(in super::super) fn is_own(metadata: &Metadata) -> bool {
    metadata.uid() == geteuid().as_raw()
}

/// The owner of the file at `path`, or of the nearest folder above it that this user may look at.
pub(in super::super) fn owner_of(path: &Path) -> Option<Owner> {
    let (place, metadata) = path
        .ancestors()
        .find_map(|place| Some((place.to_owned(), std::fs::metadata(place).ok()?)))?;
    let name = permissions::user_name(metadata.uid());
    Some(Owner { place, name, is_self: is_own(&metadata) })
}

/// Who else can get at a file or folder: others by its mode, or an owner who is neither the one who runs this
/// nor root.
pub(in super::super) fn exposure(metadata: &Metadata) -> Option<Exposure> {
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    if owner != 0 && !is_own(metadata) {
        let (owner, runner) = (permissions::user_name(owner), geteuid().as_raw());
        return Some(Exposure {
            reason: format!(
                "belongs to {owner}, not to the one who runs this ({runner}) or to root"
            ),
            remedy: format!(
                "run as its owner, or {OWN_STORE}; or, if you know where it is from, make it yours with `chown`"
            ),
        });
    }
    if mode & 0o077 == 0 {
        return None;
    }
    let private = if metadata.is_dir() { "700" } else { "600" };
    let remedy = format!("close it with `chmod {private}`, and replace what others may have read");
    Some(match is_own(metadata) {
        true => Exposure {
            reason: format!("is open to others than its owner (its mode is {mode:o})"),
            remedy,
        },
        false => Exposure {
            reason: format!(
                "belongs to {}, and is open to others (its mode is {mode:o})",
                permissions::user_name(owner)
            ),
            remedy: format!("run as that user, or {OWN_STORE}; its owner should {remedy}"),
        },
    })
}

fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}
