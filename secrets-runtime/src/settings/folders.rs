//! The user's folders, by the XDG Base Directory Specification
//! (<https://specifications.freedesktop.org/basedir-spec/latest/>): a relative path in one of its variables is
//! invalid and ignored.

use std::path::PathBuf;

use crate::{
    core::error::{Error, ErrorKind},
    settings::precedence::Environment,
};

/// The folders that defaults are made from, as far as the environment tells them.
#[derive(Debug, Clone, Default)]
pub(super) struct Folders {
    pub(super) home: Option<PathBuf>,
    data: Option<PathBuf>,
    config: Option<PathBuf>,
}

impl Folders {
    pub(super) fn of(environment: Environment<'_>) -> Self {
        let absolute =
            |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("HOME").or_else(|| {
            // Windows has no HOME.
            if cfg!(windows) { absolute("USERPROFILE") } else { None }
        });
        let below_home = |folder: &str| home.as_ref().map(|home| home.join(folder));
        let data = absolute("XDG_DATA_HOME").or_else(|| below_home(".local/share"));
        let config = absolute("XDG_CONFIG_HOME").or_else(|| below_home(".config"));
        Self { home, data, config }
    }

    pub(super) fn local_dir(&self) -> Result<PathBuf, Error> {
        let data =
            self.data.as_ref().ok_or_else(|| homeless("SECRETS_LOCAL_DIR", "XDG_DATA_HOME"))?;
        Ok(data.join("secrets/store"))
    }

    pub(super) fn local_key_file(&self) -> Result<PathBuf, Error> {
        let config = self
            .config
            .as_ref()
            .ok_or_else(|| homeless("SECRETS_LOCAL_KEY_FILE", "XDG_CONFIG_HOME"))?;
        Ok(config.join("secrets/key.jwk"))
    }
}

fn homeless(variable: &str, xdg: &str) -> Error {
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

    fn folders(given: &[(&str, &str)]) -> Folders {
        Folders::of(&|name| {
            given.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn xdg_folders_come_before_home() {
        let both = folders(&[("HOME", "/h"), ("XDG_DATA_HOME", "/d"), ("XDG_CONFIG_HOME", "/c")]);
        assert_eq!(both.local_dir().ok(), Some(PathBuf::from("/d/secrets/store")));
        assert_eq!(both.local_key_file().ok(), Some(PathBuf::from("/c/secrets/key.jwk")));
        let home = folders(&[("HOME", "/h")]);
        assert_eq!(home.local_dir().ok(), Some(PathBuf::from("/h/.local/share/secrets/store")));
        assert_eq!(home.local_key_file().ok(), Some(PathBuf::from("/h/.config/secrets/key.jwk")));
    }

    #[test]
    fn relative_and_empty_folders_are_ignored() {
        let home = folders(&[("HOME", "/h"), ("XDG_DATA_HOME", "d"), ("XDG_CONFIG_HOME", "")]);
        assert_eq!(home.local_dir().ok(), Some(PathBuf::from("/h/.local/share/secrets/store")));
        assert_eq!(home.local_key_file().ok(), Some(PathBuf::from("/h/.config/secrets/key.jwk")));
    }

    #[test]
    fn no_home_is_an_error_where_it_is_needed() {
        for none in [folders(&[]), folders(&[("HOME", "")]), folders(&[("HOME", "h")])] {
            let error = none.local_dir().expect_err("there is no home");
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert_eq!(error.problems()[0].origin(), "SECRETS_LOCAL_DIR");
            assert!(none.local_key_file().is_err());
        }
        let data = folders(&[("XDG_DATA_HOME", "/d")]);
        assert!(data.local_dir().is_ok() && data.local_key_file().is_err());
    }
}
