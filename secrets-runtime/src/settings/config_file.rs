use std::{
    borrow::Cow,
    collections::BTreeMap,
    ffi::OsString,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use secrets_spec::{BuiltIn, SourcePatch, closest};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    core::{
        error::Problem,
        escape::{is_bare_key, shown_key},
        line_column::LineColumn,
        problem_list::ProblemList,
    },
    permissions::{self, permission_problem::PermissionProblem},
    settings::{
        backends::exec::{self, ExecSettings, ProgramTable},
        error::{SettingError, problem},
        file_values::{describe, setting},
        mapping,
        raw_value::{RawValue, SettingOrigin},
        trust,
        variables::{self, Variable},
    },
};

const MAX_BYTES: u64 = 1 << 20;

/// A `secrets.toml` after its profile was applied.
pub(crate) struct ConfigFile {
    path: PathBuf,
    settings: BTreeMap<&'static str, (String, SettingOrigin)>,
    /// Each with its table.
    sources: BTreeMap<String, (SourcePatch, String)>,
    /// The programs that print secrets, by their types.
    backends: BTreeMap<String, ExecSettings>,
    /// Whether the user vouches for it: it was named or trusted, and not merely found.
    is_trusted: bool,
    /// The keys, in any profile, that apply only if it is trusted.
    keys_needing_trust: Vec<String>,
    /// The programs of all profiles.
    programs: Vec<ProgramTable>,
}

impl ConfigFile {
    /// Reads the file, if only the user and root can have written it.
    pub(super) fn open(path: &Path) -> Result<String, SettingError> {
        Self::read(path, permissions::open(path))
    }

    /// Reads a file that a setting names. It may belong to any one user: the one who names it vouches for it.
    pub(super) fn open_named(path: &Path) -> Result<String, SettingError> {
        Self::read(path, permissions::open_named(path))
    }

    fn read(path: &Path, opened: Result<File, PermissionProblem>) -> Result<String, SettingError> {
        let file = opened.map_err(|doubt| match doubt {
            PermissionProblem::Unreadable { path, error } => unreadable(&path, &error),
            PermissionProblem::Exposed { message, help } => {
                let other =
                    "set SECRETS_CONFIG to a file that you trust, which another user may own";
                SettingError::new(message, format!("{help}; or {other}"))
            }
        })?;
        let unreadable = |error| unreadable(path, &error);
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(SettingError::new(
                format!("{} is not a file", path.display()),
                "name a file with SECRETS_CONFIG, or remove it",
            ));
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            let message = format!("{} is longer than 1 MiB", path.display());
            return Err(SettingError::new(
                message,
                "settings are short: name another file with SECRETS_CONFIG",
            ));
        }
        String::from_utf8(bytes).map_err(|_| {
            SettingError::new(format!("{} is not UTF-8", path.display()), "save it as UTF-8")
        })
    }

    /// Parses the text of the file. `profile` is the profile's name and the setting that chose it. Every
    /// problem is added to `problems`, in the order of the lines. Without trust, values of `inline` sources are
    /// among them; settings that need trust are not, as another place may set them.
    pub(super) fn parse(
        path: PathBuf,
        text: &str,
        profile: Option<(&str, &str)>,
        is_trusted: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let (settings, sources, backends) = Default::default();
        let (keys_needing_trust, programs) = Default::default();
        let file =
            Self { path, settings, sources, backends, is_trusted, keys_needing_trust, programs };
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader { file, text, problems: Vec::new() };
        if errors.is_empty() {
            reader.root(root.get_ref(), profile);
        }
        for error in errors.iter().take(ProblemList::MAX) {
            // The message says what the syntax expects. Display would quote the line, and a value with it.
            let at = error.span().map_or(0, |span| span.start);
            let message = format!("it is not TOML: {}", error.message().replace('\n', ", "));
            let help = "write `key = \"text\"`, one on a line, and tables such as [sources.NAME]";
            reader.complain(at, "", SettingError::new(message, help));
        }
        reader.problems.sort_by_key(|(at, _)| *at);
        let mut listed = ProblemList::default();
        listed.extend(reader.problems.into_iter().map(|(_, problem)| problem));
        problems.extend(listed.into_problems());
        reader.file
    }

    pub(super) fn get(&self, variable: &Variable) -> Option<RawValue> {
        let (text, origin) = self.settings.get(variable.key()?)?;
        let origin = origin.clone();
        (!text.is_empty()).then(|| RawValue { text: OsString::from(text), origin })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// Returns the keys, in any profile, that apply only if the file is trusted, and the programs.
    pub(super) fn into_keys_needing_trust(self) -> (Vec<String>, Vec<ProgramTable>) {
        (self.keys_needing_trust, self.programs)
    }

    /// Returns the tables of programs, in any profile, whether or not they apply.
    pub(super) fn programs(&self) -> &[ProgramTable] {
        &self.programs
    }

    pub(super) fn backends(&self) -> impl Iterator<Item = &ExecSettings> {
        self.backends.values()
    }

    pub(super) fn sources(&self) -> &BTreeMap<String, (SourcePatch, String)> {
        &self.sources
    }
}

struct Reader<'a> {
    file: ConfigFile,
    text: &'a str,
    problems: Vec<(usize, Problem)>,
}

impl Reader<'_> {
    fn root(&mut self, root: &DeTable<'_>, chosen: Option<(&str, &str)>) {
        self.table(root, None, true);
        let none = DeTable::new();
        let profiles = match get(root, "profile") {
            None => &none,
            Some(value) => match value.get_ref() {
                DeValue::Table(profiles) => profiles,
                other => {
                    let message =
                        format!("`profile` is a table of profiles, not {}", describe(other));
                    let help = "write [profile.NAME], and choose one with SECRETS_PROFILE";
                    self.complain(value.span().start, "profile", SettingError::new(message, help));
                    return;
                }
            },
        };
        // All profiles are read, so that a mistake in one is reported before it is used.
        for (name, value) in profiles {
            let name: &str = name.get_ref();
            match value.get_ref() {
                DeValue::Table(table) => {
                    let is_chosen = chosen.is_some_and(|(chosen, _)| chosen == name);
                    self.table(table, Some(name), is_chosen);
                }
                other => {
                    let message = format!("a profile is a table, not {}", describe(other));
                    let key = format!("profile.{}", shown_key(name));
                    let help = format!("write [{key}]");
                    self.complain(value.span().start, &key, SettingError::new(message, help));
                }
            }
        }
        if let Some((chosen, origin)) = chosen
            && !profiles.keys().any(|name| name.get_ref() == chosen)
        {
            let names: Vec<&str> = profiles.keys().map(|name| name.get_ref().as_ref()).collect();
            let help = match closest(chosen, names.iter().copied()) {
                Some(better) => format!("did you mean `{}`?", shown_key(better)),
                None if names.is_empty() => {
                    format!("write [profile.{}] into it", shown_key(chosen))
                }
                None => format!("its profiles are {}", shown_keys(&names)),
            };
            let message = format!("there is no profile {chosen:?} in {}", self.file.path.display());
            self.problems.push((usize::MAX, problem(origin, message, Some(help))));
        }
    }

    /// Reads the settings and sources of the file itself or of a profile. They are stored if `counts` is set.
    fn table(&mut self, table: &DeTable<'_>, profile: Option<&str>, counts: bool) {
        for (name, value) in table {
            let (at, name): (usize, &str) = (name.span().start, name.get_ref());
            let key = match profile {
                Some(profile) => format!("profile.{}.{}", shown_key(profile), shown_key(name)),
                None => shown_key(name).into_owned(),
            };
            if name == "sources" {
                self.sources(value, &key, counts);
            } else if name == "backends" {
                self.backends(value, &key, profile, counts);
            } else if let Some(variable) = variables::ALL.iter().find(|v| v.key() == Some(name)) {
                let origin = self.origin(at, &key, profile);
                let setting = setting(variable, value.get_ref(), &self.file.path);
                if setting.as_ref().is_ok_and(|text| trust::is_needed(variable, text)) {
                    self.file.keys_needing_trust.push(key.clone());
                }
                match setting {
                    Ok(text) if counts => {
                        self.file
                            .settings
                            .insert(variable.key().unwrap_or_default(), (text, origin));
                    }
                    Ok(_) => {}
                    Err(wrong) => self.complain(at, &key, wrong),
                }
            } else if name != "profile" || profile.is_some() {
                self.complain(at, &key, unknown(name, profile.is_some()));
            }
        }
    }

    fn sources(&mut self, value: &Spanned<DeValue<'_>>, key: &str, counts: bool) {
        let DeValue::Table(sources) = value.get_ref() else {
            let message = format!("`sources` is a table, not {}", describe(value.get_ref()));
            let help = "write [sources.NAME] with the text of a source as NAME";
            return self.complain(value.span().start, key, SettingError::new(message, help));
        };
        for (name, value) in sources {
            let (at, name): (usize, &str) = (name.span().start, name.get_ref());
            let (tables, key) = (key, format!("{key}.{}", shown_key(name)));
            if name.is_empty() {
                let help = "write [sources.NAME] with the text of a source as NAME";
                self.complain(at, &key, SettingError::new("a source without a name", help));
                continue;
            }
            let mut complaints = Vec::new();
            let mapped = mapping::read(value, &mut complaints);
            for complaint in complaints {
                let (message, help) = (complaint.message, complaint.help);
                let wrong = SettingError { message, help, ..SettingError::default() };
                self.complain(complaint.at, &key, wrong);
            }
            let Some(mapped) = mapped else { continue };
            let is_inline = mapped.backend() == Some(&BuiltIn::Inline.into());
            if is_inline {
                self.file.keys_needing_trust.push(key.clone());
            }
            if counts && is_inline && !self.file.is_trusted {
                let message = "a source of type `inline` decides the secret's value, and this secrets.toml is not trusted";
                let help = trust::help(&self.file.path, "or name it with SECRETS_CONFIG");
                self.complain(at, &key, SettingError::new(message, help));
            } else if counts {
                let table = table_name(tables, name);
                self.file.sources.insert(name.to_owned(), (mapped, table));
            }
        }
    }

    /// Reads the programs that print secrets. A program of a file that is not trusted is not run.
    fn backends(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        key: &str,
        profile: Option<&str>,
        counts: bool,
    ) {
        let tables = match exec::tables(value) {
            Ok(tables) => tables,
            Err((at, wrong)) => return self.complain(at, key, wrong),
        };
        for (name, value) in tables {
            let (at, name): (usize, &str) = (name.span().start, name.get_ref());
            let key = format!("{key}.{}", shown_key(name));
            let mut mistakes = Vec::new();
            let read = ExecSettings::read(name, value, &self.file.path, &mut mistakes);
            for (at, wrong) in mistakes {
                self.complain(at, &key, wrong);
            }
            self.file.keys_needing_trust.push(key.clone());
            if let Some(backend) = &read {
                self.file.programs.push(ProgramTable::of(backend, &key, profile));
            }
            let Some(backend) = read.filter(|_| counts) else { continue };
            if self.file.is_trusted {
                self.file.backends.insert(name.to_owned(), backend);
            } else {
                let message =
                    "a backend decides which program is run, and this secrets.toml is not trusted";
                let help = trust::help(&self.file.path, "or name it with SECRETS_CONFIG");
                self.complain(at, &key, SettingError::new(message, help));
            }
        }
    }

    fn complain(&mut self, at: usize, key: &str, wrong: SettingError) {
        // The line of each is counted from the start of the file.
        if self.problems.len() >= ProblemList::MAX {
            return;
        }
        let origin = self.origin(at, key, None);
        self.problems.push((at, wrong.at("", &origin)));
    }

    fn origin(&self, at: usize, key: &str, profile: Option<&str>) -> SettingOrigin {
        SettingOrigin::File {
            path: self.file.path.clone(),
            key: key.to_owned(),
            line: LineColumn::of(self.text, at).line,
            profile: profile.map(|profile| shown_key(profile).into_owned()),
        }
    }
}

/// Returns the head of the table of this name among others.
fn table_name(tables: &str, name: &str) -> String {
    match (is_bare_key(name), shown_key(name)) {
        (false, Cow::Borrowed(name)) => format!("[{tables}.\"{name}\"]"),
        (_, name) => format!("[{tables}.{name}]"),
    }
}

/// Returns names that the file has for a message; of more than 20, how many more there are.
fn shown_keys(names: &[&str]) -> String {
    let shown: Vec<_> = names.iter().take(20).map(|name| shown_key(name)).collect();
    let more = names.len() - shown.len();
    let shown = shown.join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

fn unreadable(path: &Path, error: &std::io::Error) -> SettingError {
    let message = format!("{} cannot be read: {error}", path.display());
    SettingError::new(
        message,
        "correct the path or the rights, or name another file with SECRETS_CONFIG",
    )
}

fn get<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<&'a Spanned<DeValue<'i>>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
}

/// Returns the problem of an unknown key, with the key that was probably meant.
fn unknown(name: &str, in_profile: bool) -> SettingError {
    let lower = name.to_lowercase();
    let name = shown_key(name);
    let bare = lower.strip_prefix("secrets_").unwrap_or(&lower);
    if let Some(variable) = variables::ALL.iter().find(|v| v.key().is_none() && v.has_name(bare)) {
        let message = match variable.is_secret() {
            true => format!("`{name}` is a credential, and this file holds none"),
            false => format!("`{name}` cannot be set here"),
        };
        return SettingError::new(message, format!("set {} in the environment", variable.places()));
    }
    let tables: &[&str] =
        if in_profile { &["sources", "backends"] } else { &["sources", "backends", "profile"] };
    let keys = variables::ALL.iter().filter_map(|v| v.key());
    let known: Vec<&str> = tables.iter().copied().chain(keys).collect();
    if let Some(better) = closest(bare, known.iter().copied()) {
        return SettingError::new(
            format!("there is no setting `{name}`"),
            format!("did you mean `{better}`?"),
        );
    }
    let credential =
        ["password", "passwd", "token", "secret", "credential", "api_key", "access_key"];
    if credential.iter().any(|word| bare.contains(word)) {
        let message = format!("`{name}` looks like a credential, and this file holds none");
        return SettingError::new(message, variables::places_of_credentials(bare));
    }
    let help = format!("the settings are {}", known.join(", "));
    SettingError::new(format!("there is no setting `{name}`"), help)
}
