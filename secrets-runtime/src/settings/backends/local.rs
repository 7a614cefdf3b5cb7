use std::path::PathBuf;

use crate::{
    core::error::{Error, ErrorKind},
    settings::{
        folders::Folders,
        reader::SettingsReader,
        variables::{self, Variable},
    },
};

/// The settings for `local`, the embedded store.
#[derive(Debug, Clone)]
pub(crate) struct LocalSettings {
    /// The store's folder, or `InvalidConfig` if it is not set and there is no home folder.
    pub(crate) dir: Result<PathBuf, Error>,
    /// The file with the store's key, or `InvalidConfig` as for the folder.
    pub(crate) key_file: Result<PathBuf, Error>,
    default_dir: Option<PathBuf>,
    default_key_file: Option<PathBuf>,
}

impl LocalSettings {
    pub(in crate::settings) fn read(reader: &mut SettingsReader<'_>, folders: &Folders) -> Self {
        let default_dir = folders.data.as_ref().map(|data| data.join("secrets/store"));
        let default_key_file = folders.config.as_ref().map(|config| config.join("secrets/key.jwk"));
        let mut path = |variable: &'static Variable, default: &Option<PathBuf>, xdg| {
            let path = reader.path(variable).or_else(|| default.clone());
            path.ok_or_else(|| no_home(variable.name(), xdg))
        };
        Self {
            dir: path(&variables::LOCAL_DIR, &default_dir, "XDG_DATA_HOME"),
            key_file: path(&variables::LOCAL_KEY_FILE, &default_key_file, "XDG_CONFIG_HOME"),
            default_dir,
            default_key_file,
        }
    }

    /// Returns the default of a setting that depends on the user's folders, as text to print.
    pub(in crate::settings) fn default_of(&self, variable: &Variable) -> Option<String> {
        let path = match variable {
            variable if *variable == variables::LOCAL_DIR => self.default_dir.as_ref(),
            variable if *variable == variables::LOCAL_KEY_FILE => self.default_key_file.as_ref(),
            _ => None,
        };
        path.map(|path| path.display().to_string())
    }
}

fn no_home(variable: &str, xdg: &str) -> Error {
    let message = format!(
        "there is no home folder to keep it in: neither HOME nor {xdg} is an absolute path"
    );
    Error::new(ErrorKind::InvalidConfig, message)
        .with_help(format!("set {variable}, or HOME"))
        .about(variable, None)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn settings(given: &[(&str, &str)]) -> LocalSettings {
        let folders = Folders::of(&|name| {
            given.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value))
        });
        LocalSettings::read(&mut SettingsReader::new(Vec::new(), None), &folders)
    }

    #[test]
    fn xdg_folders_come_before_home() {
        let both = settings(&[("HOME", "/h"), ("XDG_DATA_HOME", "/d"), ("XDG_CONFIG_HOME", "/c")]);
        assert_eq!(both.dir.ok(), Some(PathBuf::from("/d/secrets/store")));
        assert_eq!(both.key_file.ok(), Some(PathBuf::from("/c/secrets/key.jwk")));
        let home = settings(&[("HOME", "/h")]);
        assert_eq!(home.dir.ok(), Some(PathBuf::from("/h/.local/share/secrets/store")));
        assert_eq!(home.key_file.ok(), Some(PathBuf::from("/h/.config/secrets/key.jwk")));
    }

    #[test]
    fn relative_and_empty_folders_are_ignored() {
        let home = settings(&[("HOME", "/h"), ("XDG_DATA_HOME", "d"), ("XDG_CONFIG_HOME", "")]);
        assert_eq!(home.dir.ok(), Some(PathBuf::from("/h/.local/share/secrets/store")));
        assert_eq!(home.key_file.ok(), Some(PathBuf::from("/h/.config/secrets/key.jwk")));
    }

    #[test]
    fn no_home_is_an_error_where_it_is_needed() {
        for none in [settings(&[]), settings(&[("HOME", "")]), settings(&[("HOME", "h")])] {
            let error = none.dir.expect_err("there is no home");
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert_eq!(error.problems()[0].origin(), "SECRETS_LOCAL_DIR");
            assert!(none.key_file.is_err());
        }
        let data = settings(&[("XDG_DATA_HOME", "/d")]);
        assert!(data.dir.is_ok() && data.key_file.is_err());
    }
}
