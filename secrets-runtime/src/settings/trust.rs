//! Which `secrets.toml` the user has trusted.
//!
//! A file that is found upwards from the working directory may be part of a repository that somebody else wrote. It
//! must not decide where a credential is sent, which store and key are used, or what the value of a secret is, until
//! the user has read it and trusts this text at this path.

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
    permissions::{self, insecure::Insecure},
    settings::{
        config_file::ConfigFile,
        error::SettingError,
        folders::Folders,
        search::{self, FILE_NAME},
        values,
        variables::{self, Variable},
    },
};

/// Where the list of trusted files is, below the user's configuration folder.
const LIST: &str = "secrets/trusted.json";

const MAX_BYTES: u64 = 1 << 20;

/// A `secrets.toml` that the user trusts, or trusts no longer.
///
/// ```no_run
/// use secrets_runtime::admin::TrustedConfig;
///
/// # fn main() -> Result<(), secrets_runtime::Error> {
/// let trusted = TrustedConfig::trust(None)?;
/// println!("{} decides {:?}", trusted.path().display(), trusted.decides());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TrustedConfig {
    path: PathBuf,
    decides: Vec<String>,
}

impl TrustedConfig {
    /// Trusts a `secrets.toml`: the file `file`, or the one in the folder `file`, or else the nearest one from the
    /// working directory upwards. Until its text changes, the file may set what it may not set otherwise:
    /// [`Variable::needs_trust`](crate::settings::variables::Variable::needs_trust), and values of `inline` sources.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] if there is no such file, the file has mistakes, or others may write it or the
    /// list of trusted files; [`ErrorKind::Other`] if the list cannot be written.
    pub fn trust(file: Option<&Path>) -> Result<Self, Error> {
        Self::trust_in(&Folders::of(&|name| std::env::var_os(name)), file)
    }

    pub(super) fn trust_in(folders: &Folders, file: Option<&Path>) -> Result<Self, Error> {
        let path = wanted(file, folders)?;
        let text = ConfigFile::open(&path).map_err(of_file)?;
        let mut problems = Vec::new();
        let config = ConfigFile::parse(path.clone(), &text, None, true, &mut problems);
        if !problems.is_empty() {
            return Err(Error::from_problems(problems));
        }
        let (name, hash) = (name_of(&path)?, hash(&text));
        change(folders, |list| list.insert(name, hash))?;
        Ok(Self { path, decides: config.into_delicate() })
    }

    /// Ends the trust in a `secrets.toml`, which is named as in [`trust`](Self::trust). The file may be gone. Returns
    /// `None` if it was not trusted.
    ///
    /// # Errors
    /// Those of [`trust`](Self::trust), apart from mistakes in the file.
    pub fn forget(file: Option<&Path>) -> Result<Option<Self>, Error> {
        Self::forget_in(&Folders::of(&|name| std::env::var_os(name)), file)
    }

    pub(super) fn forget_in(folders: &Folders, file: Option<&Path>) -> Result<Option<Self>, Error> {
        let path = wanted(file, folders)?;
        let name = name_of(&path)?;
        let known = change(folders, |list| list.remove(&name))?;
        Ok(known.map(|_| Self { path, decides: Vec::new() }))
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the keys that apply because the file is trusted, such as `zenml_url` and `sources.prod-db`.
    #[must_use]
    pub fn decides(&self) -> &[String] {
        &self.decides
    }
}

/// Returns whether the user trusts this text at this path. A list of trusted files that cannot be read, or that others
/// may write, is no trust: `secrets trust` says what is wrong with it.
pub(super) fn is_trusted(folders: &Folders, path: &Path, text: &str) -> bool {
    let (Some(list), Some(name)) = (list_path(folders), path.to_str()) else { return false };
    read(&list).is_ok_and(|list| list.get(name).is_some_and(|known| *known == hash(text)))
}

/// Whether a setting applies only in a trusted file.
pub(super) fn is_needed(variable: &Variable, text: &str) -> bool {
    variable.needs_trust() || *variable == variables::WITH && values::has_inline(text)
}

/// What a setting that needs trust decides.
pub(super) fn stake(variable: &Variable) -> &'static str {
    match *variable {
        variables::ZENML_URL => "where the password for ZenML is sent",
        variables::LOCAL_DIR => "which store is used",
        variables::LOCAL_KEY_FILE => "with which key secrets are encrypted",
        _ => "what the values of secrets are",
    }
}

/// The help for a key that applies only in a trusted file.
pub(super) fn help(path: &Path, instead: &str) -> String {
    format!("read the file; if you trust it, run `secrets trust {}`; {instead}", path.display())
}

/// Returns the path of a `secrets.toml` as the search finds it.
fn wanted(file: Option<&Path>, folders: &Folders) -> Result<PathBuf, Error> {
    let invalid =
        |message: String, help: &str| Error::new(ErrorKind::InvalidConfig, message).with_help(help);
    let Some(file) = file else {
        let found = std::env::current_dir().ok().and_then(|directory| {
            search::nearest(&directory, folders.home.as_deref(), search::device)
        });
        return found.ok_or_else(|| {
            let message = "there is no secrets.toml from the working directory upwards".to_owned();
            invalid(message, "name the file: secrets trust PATH")
        });
    };
    let file = if file.is_dir() { file.join(FILE_NAME) } else { file.to_owned() };
    let unknown = |error: io::Error| {
        let message = format!("{} cannot be found: {error}", file.display());
        invalid(message, "correct the path")
    };
    let absolute = std::path::absolute(&file).map_err(unknown)?;
    let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(invalid(format!("{} is not a file", file.display()), "correct the path"));
    };
    // A folder that is gone has no other path.
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    Ok(folder.join(name))
}

fn name_of(path: &Path) -> Result<String, Error> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("the path {} is not UTF-8", path.display());
        Error::new(ErrorKind::InvalidConfig, message)
            .with_help("name the file with SECRETS_CONFIG instead, or rename its folder")
    })
}

fn hash(text: &str) -> String {
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
        Err(Insecure::Unreadable { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(BTreeMap::new());
        }
        Err(Insecure::Unreadable { path, error }) => return Err(unreadable(&path, &error)),
        Err(Insecure::Exposed { message, help }) => return Err(SettingError::new(message, help)),
    };
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| unreadable(list, &error))?;
    serde_json::from_str(&text).map_err(|error| unreadable(list, &error))
}

/// Changes the list of trusted files. Of two changes at the same time both are kept.
fn change<T>(
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

fn of_file(wrong: SettingError) -> Error {
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
