use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    core::error::{Error, ErrorKind},
    settings::{
        backends::exec::ProgramTable,
        config_file::ConfigFile,
        folders::Folders,
        search::{self, FILE_NAME},
        trust::list::{change, hash, of_file},
    },
};

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
    programs: Vec<ProgramTable>,
}

impl TrustedConfig {
    /// Trusts a `secrets.toml`: the file `file`, or the one in the folder `file`, or else the nearest one from the
    /// working directory upwards. Until its text changes, the file may set what it may not set otherwise:
    /// [`Variable::needs_trust`](crate::settings::variables::Variable::needs_trust), values of `inline` sources,
    /// and programs of `[backends]`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`] if there is no such file, the file has mistakes, or others may write it or the
    /// list of trusted files; [`ErrorKind::Other`] if the list cannot be written.
    pub fn trust(file: Option<&Path>) -> Result<Self, Error> {
        Self::trust_in(&Folders::of(&|name| std::env::var_os(name)), file)
    }

    pub(in crate::settings) fn trust_in(
        folders: &Folders,
        file: Option<&Path>,
    ) -> Result<Self, Error> {
        let path = wanted(file, folders)?;
        let text = ConfigFile::open(&path).map_err(of_file)?;
        let mut problems = Vec::new();
        let config = ConfigFile::parse(path.clone(), &text, None, true, &mut problems);
        if !problems.is_empty() {
            return Err(Error::from_problems(problems));
        }
        let (name, hash) = (name_of(&path)?, hash(&text));
        change(folders, |list| list.insert(name, hash))?;
        let (decides, programs) = config.into_keys_needing_trust();
        Ok(Self { path, decides, programs })
    }

    /// Ends the trust in a `secrets.toml`, which is named as in [`trust`](Self::trust). The file may be gone. Returns
    /// `None` if it was not trusted.
    ///
    /// # Errors
    /// Those of [`trust`](Self::trust), apart from mistakes in the file.
    pub fn forget(file: Option<&Path>) -> Result<Option<Self>, Error> {
        Self::forget_in(&Folders::of(&|name| std::env::var_os(name)), file)
    }

    pub(in crate::settings) fn forget_in(
        folders: &Folders,
        file: Option<&Path>,
    ) -> Result<Option<Self>, Error> {
        let path = wanted(file, folders)?;
        let name = name_of(&path)?;
        let known = change(folders, |list| list.remove(&name))?;
        Ok(known.map(|_| Self { path, decides: Vec::new(), programs: Vec::new() }))
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

    /// Returns the path of the program that a key such as `backends.pass` runs.
    #[must_use]
    pub fn program(&self, key: &str) -> Option<&str> {
        self.command(key).first().map(String::as_str)
    }

    /// Returns the program that a key such as `backends.pass` runs, and its arguments. It is empty if the key runs none.
    #[must_use]
    pub fn command(&self, key: &str) -> &[String] {
        self.table(key).map_or(&[], |table| &table.command)
    }

    /// Returns the names of the environment variables that the program of a key such as `backends.pass` gets besides those that
    /// every program gets.
    #[must_use]
    pub fn env(&self, key: &str) -> &[String] {
        self.table(key).map_or(&[], |table| &table.env)
    }

    fn table(&self, key: &str) -> Option<&ProgramTable> {
        self.programs.iter().find(|table| table.key == key)
    }
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
