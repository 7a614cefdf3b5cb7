//! A file that is written as a whole.

use std::{
    fs::{self, File, Metadata},
    hash::{BuildHasher, RandomState},
    io::{ErrorKind as IoKind, Write},
    path::{Path, PathBuf},
};

use secrets_runtime::{Error, ErrorKind, SecretValue};

use crate::failure::Failure;

/// Writes a file under a temporary name and then renames it, so that it is never incomplete. A new file has the mode
/// 0600, and one that is replaced keeps its owner, its group and its mode, unless `mode` is given. Another user's file
/// in a folder where everybody may write keeps none of them: anybody may have put it there, to be handed the next one.
/// Returns a note if they are not kept.
///
/// A process that is killed leaves its temporary file behind; the next call for the same file removes it.
pub fn write(
    path: &Path,
    content: &SecretValue,
    mode: Option<u32>,
) -> Result<Option<String>, Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.exists()) {
        let message = format!("there is no folder `{}`", folder.display());
        let origin = path.display().to_string();
        return Err(Failure::about(&origin, ErrorKind::InvalidValue, message, "create it first"));
    }
    let fail = |error: std::io::Error| -> Failure {
        let message = format!("{} cannot be written: {}", path.display(), error.kind());
        let kind = match error.kind() {
            IoKind::PermissionDenied => ErrorKind::AccessDenied,
            _ => ErrorKind::Other,
        };
        Error::new(kind, message).with_help("check the folder, and who may write there").into()
    };
    // Renaming would replace a pipe, a device or a link, instead of writing to what it leads to.
    let before = match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            let origin = path.display().to_string();
            let message = "it exists, and is not a regular file";
            let help = "omit `--output` for standard output, or name a file";
            return Err(Failure::about(&origin, ErrorKind::InvalidValue, message, help));
        }
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == IoKind::NotFound => None,
        Err(error) => return Err(fail(error)),
    };
    let (temporary, mut file) = create_temporary(path).map_err(fail)?;
    // Exposed because the user asked for a file with it.
    let written = file
        .write_all(content.expose_bytes())
        .and_then(|()| set_owner_and_mode(&file, path, before.as_ref(), mode))
        .and_then(|note| file.sync_all().map(|()| note))
        .and_then(|note| fs::rename(&temporary, path).map(|()| note));
    let note = written.map_err(|error| {
        // This call created the file, so it is safe to remove.
        let _ = fs::remove_file(&temporary);
        fail(error)
    })?;
    remove_abandoned(path, folder.unwrap_or(Path::new(".")));
    Ok(note)
}

/// Creates a file in the same folder that only its owner can read. Nobody can predict its name: the keys of the hasher
/// are random. The file is locked, so that another call does not take it for an abandoned one.
fn create_temporary(path: &Path) -> std::io::Result<(PathBuf, File)> {
    let random = RandomState::new();
    for attempt in 0_u8.. {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{:016x}{TEMPORARY_END}", random.hash_one(attempt)));
        let temporary = PathBuf::from(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&temporary)?;
        // Where files cannot be locked, no call removes any.
        let _ = file.lock();
        // Another call may have removed the file before it was locked.
        if temporary.exists() || attempt == u8::MAX {
            return Ok((temporary, file));
        }
    }
    Err(std::io::ErrorKind::AlreadyExists.into())
}

const TEMPORARY_END: &str = ".tmp";

/// Removes the temporary files of calls that were killed.
fn remove_abandoned(path: &Path, folder: &Path) {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return };
    let is_temporary = |file: &str| {
        let middle = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
        let middle = middle.and_then(|rest| rest.strip_suffix(TEMPORARY_END));
        middle.is_some_and(|hex| hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !entry.file_name().to_str().is_some_and(is_temporary) {
            continue;
        }
        let file = entry.path();
        // A file that is being written is locked. It stays locked here until it is removed.
        if let Ok(open) = File::open(&file)
            && open.try_lock().is_ok()
        {
            let _ = fs::remove_file(&file);
        }
    }
}

#[cfg(unix)]
fn set_owner_and_mode(
    file: &File,
    path: &Path,
    before: Option<&Metadata>,
    mode: Option<u32>,
) -> std::io::Result<Option<String>> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let set_mode = |mode: u32| file.set_permissions(fs::Permissions::from_mode(mode));
    let Some(before) = before else { return set_mode(mode.unwrap_or(0o600)).map(|()| None) };
    let owner = |metadata: &Metadata| (metadata.uid(), metadata.gid());
    let (own, wanted) = (owner(&file.metadata()?), owner(before));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::metadata(folder.unwrap_or(Path::new(".")))?;
    let may_be_planted = wanted.0 != own.0 && folder.mode() & 0o002 != 0;
    if own != wanted && !may_be_planted && fchown(file, Some(wanted.0), Some(wanted.1)).is_err() {
        // Only root may change the owner, but everyone may choose among their own groups.
        let _ = fchown(file, None, Some(wanted.1));
    }
    let now = owner(&file.metadata()?);
    // The rights of one group are not those of another.
    let is_same_group = now.1 == wanted.1 && !may_be_planted;
    let kept = before.mode() & if is_same_group { 0o777 } else { 0o700 };
    let mode = mode.unwrap_or(kept);
    set_mode(mode)?;
    Ok((now != wanted).then(|| {
        format!(
            "{} belonged to user {} and group {}, and now belongs to user {} and group {}, with mode {mode:04o}",
            path.display(), wanted.0, wanted.1, now.0, now.1
        )
    }))
}

#[cfg(not(unix))]
fn set_owner_and_mode(
    _: &File,
    _: &Path,
    _: Option<&Metadata>,
    _: Option<u32>,
) -> std::io::Result<Option<String>> {
    Ok(None)
}
