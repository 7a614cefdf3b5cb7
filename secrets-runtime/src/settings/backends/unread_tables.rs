use std::{
    env,
    path::{Path, PathBuf},
};

use crate::settings::{config_file::ConfigFile, folders::Folders, search, variables};

/// The tables `[backends.NAME]` that are not in effect, for the errors of sources that name them: those of profiles that are
/// not chosen, those of a `secrets.toml` that is not trusted, and those of one that is not read since a setting names another.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnreadTables {
    /// The `secrets.toml` that was read, and the keys of its tables, such as `profile.laptop.backends.op`.
    path: Option<PathBuf>,
    keys: Vec<String>,
    is_trusted: bool,
    /// Whether a setting names the file, so that no other one was looked for.
    is_named: bool,
    home: Option<PathBuf>,
}

impl UnreadTables {
    pub(in crate::settings) fn of(
        file: Option<&ConfigFile>,
        is_named: bool,
        folders: &Folders,
    ) -> Self {
        Self {
            path: file.map(|file| file.path().to_path_buf()),
            keys: file.map(keys).unwrap_or_default(),
            is_trusted: file.is_some_and(ConfigFile::is_trusted),
            is_named,
            home: folders.home.clone(),
        }
    }

    /// Returns where a backend of this type is, and what has to be done for it to be in effect; `None` if no table names it.
    pub(crate) fn help(&self, kind: &str) -> Option<String> {
        if let (Some(path), Some((key, profile))) = (&self.path, table_of(&self.keys, kind)) {
            let path = path.display();
            let trust = format!("read the file, and if you trust it, run `secrets trust {path}`");
            return match (profile, self.is_trusted) {
                (None, true) => None,
                (None, false) => Some(format!("{path} has [{key}], and is not trusted: {trust}")),
                (Some(profile), is_trusted) => {
                    let and = if is_trusted { String::new() } else { format!("; {trust}") };
                    let variable = variables::PROFILE.name();
                    Some(format!("{path} has [{key}]: set {variable}={profile}{and}"))
                }
            };
        }
        self.help_of_nearest(kind)
    }

    /// Returns where a table for a type that none has could be written; `None` in a build that runs no programs.
    pub(crate) fn place(&self, kind: &str) -> Option<String> {
        if cfg!(not(all(unix, feature = "exec"))) {
            return None;
        }
        let table = format!("write [backends.{kind}]");
        if let Some(path) = &self.path {
            return Some(format!("{table} in {}", path.display()));
        }
        let directory = env::current_dir().ok().filter(|_| !self.is_named)?;
        let directory = directory.display();
        Some(format!("{table} in a secrets.toml; none was found from {directory} upwards"))
    }

    /// Looks into the `secrets.toml` that is found upwards from the working directory, where a setting names another one.
    /// Nothing of it but the names of its tables is used.
    fn help_of_nearest(&self, kind: &str) -> Option<String> {
        if !self.is_named {
            return None;
        }
        let directory = env::current_dir().ok()?;
        let path = search::nearest(&directory, self.home.as_deref(), search::device)?;
        if self.path.as_deref().is_some_and(|read| is_one_file(read, &path)) {
            return None;
        }
        let text = ConfigFile::open(&path).ok()?;
        let file = ConfigFile::parse(path.clone(), &text, None, false, &mut Vec::new());
        let keys = keys(&file);
        let (key, _) = table_of(&keys, kind)?;
        let variable = variables::CONFIG.name();
        let path = path.display();
        Some(format!("{path} has [{key}], and is not read, since {variable} names another file"))
    }
}

fn is_one_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

fn keys(file: &ConfigFile) -> Vec<String> {
    file.programs().map(str::to_owned).collect()
}

/// Returns the key of the table of this type, and the profile to which it belongs, if any.
fn table_of<'a>(keys: &'a [String], kind: &str) -> Option<(&'a str, Option<&'a str>)> {
    let end = format!("backends.{kind}");
    let of_profile =
        |key: &'a String| key.strip_prefix("profile.")?.strip_suffix(&*end)?.strip_suffix('.');
    let of_file = keys.iter().find(|key| **key == end).map(|key| (&**key, None));
    let mut all = keys.iter();
    of_file.or_else(|| all.find_map(|key| Some((&**key, Some(of_profile(key)?)))))
}
