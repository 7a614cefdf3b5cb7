//! A folder of mounted secrets, out of which nothing is read: what `file` and `flyte` share.

use std::{
    fs,
    io::{self, ErrorKind as Io, Read},
    path::{Path, PathBuf},
};

use secrets_spec::Flaw;
use zeroize::Zeroizing;

use crate::{Error, ErrorKind, Fetched, SecretValue, backend::MAX_VALUE_BYTES, text};

/// The folder, and the setting that says where it is.
#[derive(Debug, Clone)]
pub(super) struct Mount {
    folder: PathBuf,
    setting: &'static str,
}

/// What has a name below the folder: its real path, links followed, which is below the folder too.
#[derive(Debug)]
pub(super) enum Mounted {
    File(PathBuf),
    Folder(PathBuf),
}

impl Mount {
    pub(super) fn new(folder: PathBuf, setting: &'static str) -> Self {
        Self { folder, setting }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a name is, for people.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What has this name, if anything. The name has passed the grammar of its backend.
    ///
    /// # Errors
    /// `InvalidName` if a link leads out, `AccessDenied`, `Unavailable`.
    pub(super) fn find(&self, name: &str) -> Result<Option<Mounted>, Error> {
        self.confined(&self.path(name))
    }

    /// The file as one plain value.
    ///
    /// # Errors
    /// `AccessDenied`, `Unavailable`, or `NotFound` if it has gone in between.
    pub(super) fn plain(&self, file: &Path) -> Result<Fetched, Error> {
        let value = self.read(file)?;
        Ok(if value.is_text() { Fetched::text(value) } else { Fetched::binary(value) })
    }

    /// The files of a folder whose names start with `prefix`, each as a field named like the rest.
    ///
    /// # Errors
    /// As [`Mount::find`] and [`Mount::plain`] for each of them, and `Undecodable` for a name that is no UTF-8.
    pub(super) fn set(&self, folder: &Path, prefix: &str) -> Result<Fetched, Error> {
        let mut fields = Vec::new();
        let failed = |error: io::Error| self.failed(&error, folder);
        for entry in fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let shown = name.to_string_lossy();
            // Kubernetes keeps the versions of a volume in `..data` and the like, and links to them.
            if shown.starts_with("..") || !shown.starts_with(prefix) {
                continue;
            }
            let Some(name) = name.to_str() else {
                let message = format!("the file name `{}` is no UTF-8", text::quoted(&shown));
                return Err(Error::new(ErrorKind::Undecodable, message)
                    .with_help("rename the file: its name is the name of a field"));
            };
            let path = folder.join(name);
            match self.confined(&path)? {
                Some(Mounted::File(file)) => {
                    fields.push((name[prefix.len()..].to_owned(), self.read(&file)?));
                }
                Some(Mounted::Folder(_)) => {}
                None => return Err(self.missing(&path)),
            }
        }
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Fetched::fields(fields))
    }

    /// That there is no such file.
    pub(super) fn missing(&self, path: &Path) -> Error {
        let help =
            format!("mount the secret there, or set {} to the folder that has it", self.setting);
        Error::new(ErrorKind::NotFound, format!("there is no file {}", path.display()))
            .with_help(help)
    }

    /// Follows links, and refuses a path that ends outside the folder.
    fn confined(&self, path: &Path) -> Result<Option<Mounted>, Error> {
        let real = |path: &Path| match fs::canonicalize(path) {
            Ok(real) => Ok(Some(real)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(self.failed(&error, path)),
        };
        let Some(folder) = real(&self.folder)? else { return Ok(None) };
        let Some(real) = real(path)? else { return Ok(None) };
        if !real.starts_with(&folder) {
            let (path, folder) = (path.display(), self.folder.display());
            let help = format!(
                "put the file itself below the folder, or set {} to where it is",
                self.setting
            );
            let message = format!("{path} is a link that leads out of {folder}");
            return Err(Error::new(ErrorKind::InvalidName, message).with_help(help));
        }
        match fs::metadata(&real) {
            Ok(data) if data.is_dir() => Ok(Some(Mounted::Folder(real))),
            Ok(data) if data.is_file() => Ok(Some(Mounted::File(real))),
            // Opening a pipe would wait for whoever writes to it.
            Ok(_) => {
                let message = format!("{} is neither a file nor a folder", path.display());
                Err(Error::new(ErrorKind::Unavailable, message).with_help("put a file there"))
            }
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(self.failed(&error, path)),
        }
    }

    /// The file's value, or of one that is too long a little more than a value may have: the resolver says so.
    fn read(&self, path: &Path) -> Result<SecretValue, Error> {
        let limit = MAX_VALUE_BYTES + 3;
        // With room for all from the start: a buffer that grows leaves copies behind.
        let mut bytes = Zeroizing::new(vec![0; limit]);
        let failed = |error: io::Error| self.failed(&error, path);
        let mut file = fs::File::open(path).map_err(failed)?;
        let mut length = 0;
        while length < limit {
            match file.read(&mut bytes[length..]) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == Io::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(SecretValue::mounted(&bytes[..length]))
    }

    fn failed(&self, error: &io::Error, path: &Path) -> Error {
        let (kind, what) = match error.kind() {
            _ if is_absence(error) => return self.missing(path),
            Io::PermissionDenied => (ErrorKind::AccessDenied, "may not be read"),
            _ => (ErrorKind::Unavailable, "cannot be read"),
        };
        Error::new(kind, format!("{} {what}: {}", path.display(), error.kind()))
            .with_help("check who owns the file and what its mode is")
    }
}

/// What the grammar has against a name, as a backend's error.
pub(super) fn refused(flaw: Flaw, text: &str) -> Error {
    let kind = if flaw.kind.is_name() { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
    let error = flaw.explain(text);
    Error::new(kind, error.message()).with_help(error.help().unwrap_or_default())
}

/// Whether there is no such file, and cannot be: a name that is too long for the file system has none.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), Io::NotFound | Io::NotADirectory | Io::InvalidFilename)
}
