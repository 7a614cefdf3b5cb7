use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    core::{
        credential::Credential, error::Problem, redacted_url::RedactedUrl,
        secret_value::SecretValue,
    },
    settings::{
        error::SettingError,
        raw_value::{RawValue, SettingOrigin},
        trust,
        values::{self, Read},
        variables::{Kind, Variable},
    },
};

/// A setting as `secrets doctor` prints it.
#[derive(Debug, Clone)]
pub(crate) struct SettingState {
    /// The variable of the setting.
    pub(crate) variable: &'static Variable,
    /// The text, or `None` if the setting is not set or must not be printed.
    pub(crate) text: Option<String>,
    /// The text that must not be printed as a whole, unless it is a credential.
    pub(crate) hidden: Option<SecretValue>,
    /// The origin of the setting.
    pub(crate) origin: SettingOrigin,
    /// The default, if it depends on the user's folders.
    pub(crate) default: Option<String>,
    /// The problem, if there is one. The text is then left out.
    pub(crate) wrong: Option<String>,
}

impl SettingState {
    /// Returns the text, if it is valid in another process.
    pub(super) fn elsewhere(&self) -> Option<String> {
        if !self.variable.is_portable() {
            return None;
        }
        // An address is hidden because it may contain a password. The one who writes it down looks for that.
        let hidden = self.hidden.as_ref().and_then(|hidden| hidden.expose_str().ok());
        hidden.or(self.text.as_deref()).map(str::to_owned)
    }
}

/// Returns addresses without the user and the password in them, or `None` if it is not clear where a password ends. A comma may
/// be a part of a password.
fn shown_addresses(text: &str) -> Option<String> {
    let parts = text.split(',').map(|part| RedactedUrl(part.trim()).to_string());
    let parts: Vec<String> = parts.collect();
    parts.iter().all(|part| part != RedactedUrl::HIDDEN).then(|| parts.join(", "))
}

/// Reads the text of each setting once, and collects the problems.
pub(super) struct SettingsReader<'a> {
    found: Vec<(&'static Variable, Option<RawValue>)>,
    directory: Option<&'a Path>,
    /// Whether the `secrets.toml` may set everything.
    is_trusted: bool,
    problems: Vec<Problem>,
}

impl<'a> SettingsReader<'a> {
    pub(super) fn new(
        found: Vec<(&'static Variable, Option<RawValue>)>,
        directory: Option<&'a Path>,
    ) -> Self {
        Self { found, directory, is_trusted: true, problems: Vec::new() }
    }

    /// Reads settings that need trust from `secrets.toml` only if it is trusted.
    pub(super) fn with_trust(self, is_trusted: bool) -> Self {
        Self { is_trusted, ..self }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub(super) fn shown(&self) -> Vec<SettingState> {
        let shown = self.found.iter().map(|(variable, found)| {
            let text = found.as_ref().map(|found| found.text.to_string_lossy().into_owned());
            let (text, hidden) = match variable.kind() {
                Kind::Secret => (None, None),
                Kind::Hidden => (None, text.map(SecretValue::from)),
                Kind::Address => {
                    (text.as_deref().and_then(shown_addresses), text.map(SecretValue::from))
                }
                Kind::Text | Kind::Seconds | Kind::Path => (text, None),
            };
            SettingState {
                variable,
                text,
                hidden,
                origin: found.as_ref().map_or(SettingOrigin::Default, |found| found.origin.clone()),
                default: None,
                wrong: None,
            }
        });
        shown.collect()
    }

    pub(super) fn origin(&self, variable: &Variable) -> SettingOrigin {
        let found = self.found.iter().find(|(v, _)| *v == variable).and_then(|(_, f)| f.as_ref());
        found.map_or(SettingOrigin::Default, |found| found.origin.clone())
    }

    pub(super) fn text<T>(
        &mut self,
        variable: &'static Variable,
        read: fn(&str) -> Read<T>,
    ) -> Option<T> {
        let found = self.take(variable)?;
        let Some(text) = found.text.to_str() else {
            let wrong = SettingError::new("it is not UTF-8", "write it in UTF-8");
            return self.keep(variable, &found.origin, Err(vec![wrong]));
        };
        self.keep(variable, &found.origin, read(text))
    }

    pub(super) fn seconds(
        &mut self,
        variable: &'static Variable,
        read: fn(&str) -> Read<Duration>,
        default: u64,
    ) -> Duration {
        self.text(variable, read).unwrap_or(Duration::from_secs(default))
    }

    /// Reads a path and makes it absolute, so that a change of the working directory does not change it.
    pub(super) fn path(&mut self, variable: &'static Variable) -> Option<PathBuf> {
        let found = self.take(variable)?;
        self.absolute(variable, found)
    }

    /// Reads a path as [`path`](Self::path) does. This text stands for none.
    pub(super) fn path_unless(
        &mut self,
        none: &str,
        variable: &'static Variable,
    ) -> Option<PathBuf> {
        let found = self.take(variable).filter(|found| found.text != *none)?;
        self.absolute(variable, found)
    }

    fn absolute(&mut self, variable: &'static Variable, mut found: RawValue) -> Option<PathBuf> {
        let text = std::mem::take(&mut found.text);
        let path = self.keep(variable, &found.origin, values::path(PathBuf::from(text)))?;
        match self.directory {
            Some(directory) => Some(directory.join(path)),
            None if path.is_absolute() => Some(path),
            None => {
                let message = "it is a relative path, and the working directory is gone";
                let wrong = SettingError::new(message, "write the absolute path");
                self.keep(variable, &found.origin, Err(vec![wrong]))
            }
        }
    }

    pub(super) fn secret(&mut self, variable: &'static Variable) -> Option<SecretValue> {
        let mut found = self.take(variable)?;
        Some(SecretValue::from(std::mem::take(&mut found.text).into_encoded_bytes()))
    }

    /// Reads a credential, which knows where it is set.
    pub(super) fn credential(&mut self, variable: &'static Variable) -> Option<Credential> {
        let origin = self.origin(variable).of_problem(variable.name());
        Some(Credential::new(self.secret(variable)?, origin))
    }

    fn take(&mut self, variable: &Variable) -> Option<RawValue> {
        let (variable, found) = self.found.iter_mut().find(|(v, _)| *v == variable)?;
        // Only code can set an empty text: it unsets the setting, whatever the other places have.
        let found = found.take().filter(|found| !found.text.is_empty())?;
        let SettingOrigin::File { path, key, .. } = &found.origin else { return Some(found) };
        if self.is_trusted || !trust::is_needed(variable, found.text.to_str()?) {
            return Some(found);
        }
        let message = format!(
            "`{key}` decides {}, and this secrets.toml is not trusted",
            trust::consequence(variable)
        );
        let help = trust::help(
            path,
            &format!("or set {}, or name the file with SECRETS_CONFIG", variable.name()),
        );
        self.problems.push(SettingError::new(message, help).at(variable.name(), &found.origin));
        None
    }

    fn keep<T>(
        &mut self,
        variable: &'static Variable,
        origin: &SettingOrigin,
        read: Read<T>,
    ) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(wrongs) => {
                let problems = wrongs.into_iter().map(|wrong| wrong.at(variable.name(), origin));
                self.problems.extend(problems);
                None
            }
        }
    }
}
