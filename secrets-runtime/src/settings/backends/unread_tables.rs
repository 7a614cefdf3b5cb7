use std::{
    env,
    path::{Path, PathBuf},
};

use secrets_spec::shell_word;

use crate::{
    core::escape::is_bare_key,
    settings::{
        backends::exec::ProgramTable, config_file::ConfigFile, folders::Folders, search, variables,
    },
};

/// The tables `[backends.NAME]` that are not in effect, for the errors of sources that name them: those of profiles that are
/// not chosen, those of a `secrets.toml` that is not trusted, and those of one that is not read since a setting names another.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnreadTables {
    /// The `secrets.toml` that was read, and its tables in all profiles.
    path: Option<PathBuf>,
    tables: Vec<ProgramTable>,
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
            tables: file.map(|file| file.programs().to_vec()).unwrap_or_default(),
            is_trusted: file.is_some_and(ConfigFile::is_trusted),
            is_named,
            home: folders.home.clone(),
        }
    }

    /// Returns where a backend of this type is, and what has to be done for it to be in effect; `None` if no table names it.
    pub(crate) fn help(&self, kind: &str) -> Option<String> {
        let (Some(path), Some(table)) = (&self.path, table_of(&self.tables, kind)) else {
            return self.help_of_nearest(kind);
        };
        let word = shell_word(&path.to_string_lossy());
        let trust = format!("read the file, and if you trust it, run `secrets trust {word}`");
        let has = place_of(path, table);
        let Some(profile) = &table.profile else {
            return (!self.is_trusted).then(|| format!("{has}, and is not trusted: {trust}"));
        };
        let variable = variables::PROFILE.name();
        let choose = match is_bare_key(profile) {
            true => format!("set {variable}={profile}"),
            false => format!("set {variable} to the name of the profile"),
        };
        let and = if self.is_trusted { String::new() } else { format!("; {trust}") };
        Some(format!("{has}: {choose}{and}"))
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
        let has = place_of(&path, table_of(file.programs(), kind)?);
        let variable = variables::CONFIG.name();
        Some(format!("{has}, and is not read, since {variable} names another file"))
    }
}

fn is_one_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// Returns the table of this type: that of the file itself, or of a profile, preferably of one whose name can be shown.
fn table_of<'a>(tables: &'a [ProgramTable], kind: &str) -> Option<&'a ProgramTable> {
    let rank = |table: &&ProgramTable| match &table.profile {
        None => 0,
        Some(profile) if is_bare_key(profile) => 1,
        Some(_) => 2,
    };
    tables.iter().filter(|table| table.kind == kind).min_by_key(rank)
}

/// Returns the start of a sentence, which says where the table is. The file need not be trusted, so its words are repeated only if
/// they cannot be taken for words of this sentence.
fn place_of(path: &Path, table: &ProgramTable) -> String {
    let (path, kind) = (path.display(), &table.kind);
    match &table.profile {
        Some(profile) if !is_bare_key(profile) => {
            format!("a profile of {path} has [backends.{kind}]")
        }
        _ => format!("{path} has [{}]", table.key),
    }
}
