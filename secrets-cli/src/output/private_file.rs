//! Files with secrets.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io::{ErrorKind as IoKind, Write},
    path::{Path, PathBuf},
};

use secrets_runtime::{Error, ErrorKind};

use crate::failure::Failure;

/// Writes a file that only its owner can read. It is written under a temporary name and then renamed, so that it is
/// never incomplete.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
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
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            let origin = path.display().to_string();
            let message = "it exists, and is not a regular file";
            let help = "omit `--output` for standard output, or name a file";
            return Err(Failure::about(&origin, ErrorKind::InvalidValue, message, help));
        }
        Err(error) if error.kind() != IoKind::NotFound => return Err(fail(error)),
        _ => {}
    }
    let temporary = temporary_path(path);
    let mut file = create(&temporary).map_err(fail)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        // This call created the file, so it is safe to remove.
        let _ = fs::remove_file(&temporary);
        fail(error)
    })
}

/// Returns a path in the same folder that nobody can predict: the keys of the hasher are random.
fn temporary_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{:016x}.tmp", RandomState::new().hash_one(std::process::id())));
    PathBuf::from(name)
}

fn create(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
