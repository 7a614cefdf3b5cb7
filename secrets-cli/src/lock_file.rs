use std::{
    env, fs,
    io::ErrorKind as IoKind,
    path::{Path, PathBuf},
};

use secrets_runtime::{ErrorKind, SecretValue};
use secrets_spec::{LockFolder, SecretsLock, find_lock};

use crate::{failure::Failure, output::output_file};

/// The `secrets.lock` that a command reads and writes.
#[derive(Debug)]
pub struct LockFile {
    path: PathBuf,
}

/// More than any lock has. A file that is larger is a mistake.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The variable that names the file for the macros: a path, `off` or `require`.
const VARIABLE: &str = "SECRETS_LOCK";

impl LockFile {
    /// Returns the file of `--file`, or the one that the macros would find from the working directory, or else one in
    /// the working directory.
    pub fn find(named: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = named {
            return Ok(Self { path: path.to_owned() });
        }
        let here = env::current_dir().map_err(|error| {
            let message = format!("the working directory cannot be read: {error}");
            Failure::about("", ErrorKind::Other, message, "go to another folder, or use --file")
        })?;
        let setting = env::var_os(VARIABLE).filter(|text| !text.is_empty());
        if let Some(setting) = setting.filter(|text| text != "off" && text != "require") {
            let package = here.ancestors().find(|folder| folder.join("Cargo.toml").is_file());
            let path = package.unwrap_or(&here).join(&setting);
            let word = secrets_spec::closest(&setting.to_string_lossy(), ["require", "off"]);
            if let Some(word) = word.filter(|_| !path.exists()) {
                let message = "there is no such file";
                let help = format!("did you mean `{word}`? a file of this name needs --file");
                return Err(Failure::about(VARIABLE, ErrorKind::InvalidConfig, message, help));
            }
            return Ok(Self { path });
        }
        let found = find_lock(here.ancestors().map(Folder));
        let path =
            found.map_or(here.as_path(), |Folder(folder)| folder).join(SecretsLock::FILE_NAME);
        // A short name is easier to read, and is the same file.
        let path = path.strip_prefix(&here).map(Path::to_owned).unwrap_or(path);
        Ok(Self { path })
    }

    /// Returns the path for messages.
    pub fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// Reads the file; returns `None` if there is none.
    pub fn read(&self) -> Result<Option<SecretsLock>, Failure> {
        let wrong = |kind: ErrorKind, message: &str, help: &str| {
            Failure::about(&self.shown(), kind, message, help)
        };
        let unreadable = |error: std::io::Error| {
            let kind = match error.kind() {
                IoKind::PermissionDenied => ErrorKind::AccessDenied,
                _ => ErrorKind::InvalidConfig,
            };
            wrong(kind, &format!("it cannot be read: {}", error.kind()), "check who may read it")
        };
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == IoKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        // Another kind of file might never end.
        if !metadata.is_file() {
            let what =
                if metadata.is_dir() { "it is a folder" } else { "it is not a regular file" };
            return Err(wrong(
                ErrorKind::InvalidConfig,
                what,
                "remove it or rename it, or use --file",
            ));
        }
        if metadata.len() > MAX_BYTES {
            return Err(wrong(ErrorKind::InvalidConfig, "it is larger than 64 MiB", RESTORE));
        }
        let bytes = fs::read(&self.path).map_err(unreadable)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| wrong(ErrorKind::InvalidConfig, "it is not UTF-8", RESTORE))?;
        match SecretsLock::parse(&text) {
            Ok(lock) => Ok(Some(lock)),
            Err(error) => Err(wrong(ErrorKind::InvalidConfig, &error.message(), error.help())),
        }
    }

    /// Writes the file as a whole. A file that is replaced keeps its mode, and a link its target.
    pub fn write(&self, lock: &SecretsLock) -> Result<(), Failure> {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let mode = (!path.exists()).then_some(0o644);
        output_file::write(&path, &SecretValue::from(lock.to_string()), mode)?;
        Ok(())
    }

    /// Returns the failure of a check without a file.
    pub fn missing(&self) -> Failure {
        let help = "write it with `secrets lock`, and put it under version control";
        Failure::about(&self.shown(), ErrorKind::NotFound, "there is no such file", help)
    }
}

const RESTORE: &str = "restore it from version control, or delete it and run `secrets lock`";

struct Folder<'a>(&'a Path);

impl LockFolder for Folder<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.join(name)).ok()
    }
}
