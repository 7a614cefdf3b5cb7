use std::{ffi::OsString, fmt, path::PathBuf};

use zeroize::Zeroizing;

/// The origin of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SettingOrigin {
    /// Set in code.
    Code,
    /// An option of the command line, such as `--with`.
    Option(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// `secrets.toml`.
    File {
        /// The file.
        path: PathBuf,
        /// The key, with its tables: `profile.laptop.default_backend`.
        key: String,
        /// The line of the key, counted from 1.
        line: usize,
        /// The profile that contains the key.
        profile: Option<String>,
    },
    /// Not set.
    Default,
}

impl SettingOrigin {
    /// Returns the origin for a problem: the variable, or `secrets.toml: key`.
    pub(super) fn of_problem(&self, variable: &'static str) -> String {
        match self {
            Self::Variable(name) | Self::Option(name) => (*name).to_owned(),
            Self::File { path, key, .. } => {
                let file = path.file_name().unwrap_or(path.as_os_str());
                let file = file.to_string_lossy();
                if key.is_empty() { file.into_owned() } else { format!("{file}: {key}") }
            }
            Self::Code | Self::Default => format!("{variable} ({self})"),
        }
    }

    /// Returns the file and the line, which the origin of a problem does not include.
    pub(super) fn place(&self) -> Option<String> {
        match self {
            Self::File { path, line, .. } => Some(format!("{}, line {line}", path.display())),
            _ => None,
        }
    }
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code => f.write_str("built in code"),
            Self::Variable(name) | Self::Option(name) => f.write_str(name),
            Self::File { path, line, profile, .. } => {
                write!(f, "{}, line {line}", path.display())?;
                match profile {
                    Some(profile) => write!(f, ", profile {profile}"),
                    None => Ok(()),
                }
            }
            Self::Default => f.write_str("default"),
        }
    }
}

/// The text of a setting, before it is parsed. It may be a credential, so it has no `Debug` and is wiped.
pub(super) struct RawValue {
    pub(super) text: OsString,
    pub(super) origin: SettingOrigin,
}

impl Drop for RawValue {
    fn drop(&mut self) {
        drop(Zeroizing::new(std::mem::take(&mut self.text).into_encoded_bytes()));
    }
}
