//! The list of trusted files, in the user's configuration folder: the hash of each text by its path.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{
    core::error::{Error, ErrorKind},
    permissions::{self, permission_problem::PermissionProblem},
    settings::{error::SettingError, folders::Folders},
};

/// Where the list is, below the user's configuration folder.
const LIST: &str = "secrets/trusted.json";

const MAX_BYTES: u64 = 1 << 20;

/// Returns whether the user trusts this text at this path. A list of trusted files that cannot be read, or that others
/// may write, counts as empty: `secrets trust` says what is wrong with it.
pub(in crate::settings) fn is_trusted(folders: &Folders, path: &Path, text: &str) -> bool {
    let (Some(list), Some(name)) = (list_path(folders), path.to_str()) else { return false };
    read(&list).is_ok_and(|list| list.get(name).is_some_and(|known| *known == hash(text)))
}

pub(super) fn hash(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn list_path(folders: &Folders) -> Option<PathBuf> {
    folders.config.as_ref().map(|config| config.join(LIST))
}

/// Reads the list of trusted files: the hash of each text by its path. One that does not exist is empty.
fn read(list: &Path) -> Result<BTreeMap<String, String>, SettingError> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        let message =
            format!("the list of trusted files {} cannot be read: {error}", path.display());
        SettingError::new(message, "correct its rights, or remove it and trust the files again")
    };
    let file = match permissions::open(list) {
        Ok(file) => file,
        Err(PermissionProblem::Unreadable { error, .. })
            if error.kind() == io::ErrorKind::NotFound =>
        {
            return Ok(BTreeMap::new());
        }
        Err(PermissionProblem::Unreadable { path, error }) => {
            return Err(unreadable(&path, &error));
        }
        Err(PermissionProblem::Exposed { message, help }) => {
            return Err(SettingError::new(message, help));
        }
    };
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| unreadable(list, &error))?;
    serde_json::from_str(&text).map_err(|error| unreadable(list, &error))
}

/// Changes the list of trusted files. Of two changes at the same time both are kept.
pub(super) fn change<T>(
    folders: &Folders,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> T,
) -> Result<T, Error> {
    let Some(list) = list_path(folders) else {
        let message = "there is no configuration folder to keep the list of trusted files in: neither HOME nor \
                       XDG_CONFIG_HOME is an absolute path";
        return Err(Error::new(ErrorKind::InvalidConfig, message).with_help("set HOME"));
    };
    let failed = |error: io::Error| {
        let message =
            format!("the list of trusted files {} cannot be written: {error}", list.display());
        Error::new(ErrorKind::Other, message).with_cause(error)
    };
    let folder = list.parent().unwrap_or(&list);
    make_private_folder(folder).map_err(failed)?;
    let lock = private_file(&list.with_extension("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    let mut known = read(&list).map_err(of_file)?;
    let result = change(&mut known);
    let text = serde_json::to_string_pretty(&known).map_err(|error| failed(error.into()))?;
    // Under the lock nobody else writes it, and a rename leaves either the old list or the new one.
    let new = list.with_extension("new");
    let write = || {
        let mut file = private_file(&new)?;
        file.set_len(0)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &list)
    };
    write().map_err(failed)?;
    Ok(result)
}

/// The error for a file of the settings.
pub(super) fn of_file(wrong: SettingError) -> Error {
    let error = Error::new(ErrorKind::InvalidConfig, wrong.message);
    match wrong.help {
        Some(help) => error.with_help(help),
        None => error,
    }
}

fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for writing that only its owner can read. It is created if it does not exist.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
