use std::{
    fmt, fs,
    io::{self, ErrorKind as Io, Read},
    path::{Path, PathBuf},
};

use secrets_spec::{BuiltIn, check_id};
use zeroize::Zeroizing;

use crate::{
    Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched, SecretValue,
    backend::MAX_VALUE_BYTES, text,
};

/// Secrets that are mounted as files: Kubernetes volumes, CSI drivers, systemd credentials, Docker secrets.
///
/// A source's id is a path below the folder: a file is one plain value, a folder is a set with one field a
/// file. A request's path is `group/key`. Nothing outside the folder is read: no `..`, no absolute path, no
/// link that leads out. Text loses one trailing newline, what is no UTF-8 is bytes.
#[derive(Debug, Clone)]
pub struct File {
    folder: PathBuf,
}

impl File {
    /// The secrets below `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn fetch_one(&self, request: &FetchRequest<'_>) -> Result<Fetched, Error> {
        let (path, name) = self.find(request)?;
        if !path.is_dir() {
            return Ok(plain(read(&path, &name)?).with_name(name));
        }
        if request.key().is_some() {
            let message = format!("{} is a folder", self.folder.join(&name).display());
            return Err(Error::new(ErrorKind::NotFound, message)
                .with_help("a request names a file: its group is the folder, its key the file"));
        }
        let mut fields = Vec::new();
        let failed = |error: io::Error| failed(&error, &self.folder.join(&name));
        for entry in fs::read_dir(&path).map_err(failed)? {
            let field = entry.map_err(failed)?.file_name();
            let shown = field.to_string_lossy().into_owned();
            // Kubernetes keeps the versions of a volume in `..data` and the like, and links to them.
            if shown.starts_with("..") {
                continue;
            }
            let Some(field) = field.to_str() else {
                let message = format!("the file name `{}` is no UTF-8", text::quoted(&shown));
                return Err(Error::new(ErrorKind::Undecodable, message));
            };
            let file = self.confined(&path.join(field))?;
            if file.is_file() {
                fields.push((field.to_owned(), value(read(&file, field)?)));
            }
        }
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Fetched::fields(fields).with_name(name))
    }

    /// The real path, and the name below the folder.
    fn find(&self, request: &FetchRequest<'_>) -> Result<(PathBuf, String), Error> {
        let parts = [Some(request.id()), request.key()];
        let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let name = parts.join("/");
        if let Some(flaw) = check_id(Some(BuiltIn::File.name()), &name) {
            let error = flaw.explain(&name);
            let kind =
                if flaw.kind.is_name() { ErrorKind::InvalidName } else { ErrorKind::InvalidSource };
            return Err(
                Error::new(kind, error.message()).with_help(error.help().unwrap_or_default())
            );
        }
        Ok((self.confined(&self.folder.join(&name))?, name))
    }

    /// Follows links, and refuses a path that ends outside the folder.
    fn confined(&self, path: &Path) -> Result<PathBuf, Error> {
        let folder = fs::canonicalize(&self.folder).map_err(|error| match error.kind() {
            Io::NotFound => missing(path),
            _ => failed(&error, &self.folder),
        })?;
        let real = fs::canonicalize(path).map_err(|error| failed(&error, path))?;
        if real.starts_with(&folder) {
            return Ok(real);
        }
        let message =
            format!("{} is a link that leads out of {}", path.display(), self.folder.display());
        Err(Error::new(ErrorKind::InvalidName, message).with_help(
            "put the file itself below the folder, or set SECRETS_FILE_DIR to where it is",
        ))
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the folder {}", self.folder.display())
    }
}

impl Backend for File {
    fn kind(&self) -> &str {
        BuiltIn::File.name()
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(std::future::ready(requests.iter().map(|r| self.fetch_one(r)).collect()))
    }

    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        let exists = |request: &FetchRequest<'_>| match self.find(request) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        };
        Box::pin(std::future::ready(requests.iter().map(exists).collect()))
    }
}

/// The file's bytes, or one more than a value may have: the resolver says that it is too long.
fn read(path: &Path, name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let limit = MAX_VALUE_BYTES + 3;
    // With room for all from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(vec![0; limit]);
    let mut file = fs::File::open(path).map_err(|error| failed(&error, path))?;
    let mut length = 0;
    while length < limit {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == Io::Interrupted => {}
            Err(error) => return Err(failed(&error, Path::new(name))),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

fn value(mut bytes: Zeroizing<Vec<u8>>) -> SecretValue {
    if std::str::from_utf8(&bytes).is_ok() && bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    // Of its own size: the buffer it was read into is wiped and given back.
    SecretValue::from(bytes.to_vec())
}

fn plain(bytes: Zeroizing<Vec<u8>>) -> Fetched {
    let value = value(bytes);
    if value.is_text() { Fetched::text(value) } else { Fetched::binary(value) }
}

fn missing(path: &Path) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no file {}", path.display()))
        .with_help("mount the secret there, or set SECRETS_FILE_DIR to the folder that has it")
}

fn failed(error: &io::Error, path: &Path) -> Error {
    let (kind, what) = match error.kind() {
        Io::NotFound | Io::NotADirectory => return missing(path),
        Io::PermissionDenied => (ErrorKind::AccessDenied, "may not be read"),
        _ => (ErrorKind::Unavailable, "cannot be read"),
    };
    Error::new(kind, format!("{} {what}: {}", path.display(), error.kind()))
        .with_help("check who owns the file and what its mode is")
}
