use std::path::Path;

use secrets_spec::BackendType;
#[cfg(feature = "guard")]
use {crate::settings::values, secrets_spec::GuardMode};

use crate::{
    core::error::{Error, Problem},
    settings::{
        Settings,
        config_file::ConfigFile,
        error::SettingError,
        folders::Folders,
        lookup,
        precedence::{CodeSettings, Environment, decide},
        raw_value::SettingOrigin,
        reader::{SettingState, SettingsReader},
        variables::{self, Variable},
    },
};

/// Settings and their problems. An invalid setting counts as unset.
pub(crate) struct LoadedSettings {
    pub(crate) settings: Settings,
    pub(crate) problems: Vec<Problem>,
}

impl Settings {
    /// Loads the settings of this process: its environment, and the `secrets.toml` of its working directory.
    ///
    /// # Errors
    /// `InvalidConfig`, with every problem.
    pub(crate) fn load() -> Result<Self, Error> {
        LoadedSettings::of_process(&CodeSettings::default()).into_result()
    }

    /// Loads the settings of a test's environment and working directory.
    ///
    /// # Errors
    /// `InvalidConfig`, with every problem.
    #[cfg(all(test, feature = "prefect"))]
    pub(crate) fn from(environment: Environment<'_>, directory: &Path) -> Result<Self, Error> {
        LoadedSettings::of(&CodeSettings::default(), environment, Some(directory)).into_result()
    }

    /// Returns the defaults, with one backend for everything: the environment and `secrets.toml` are not read.
    pub(crate) fn for_tests(backend: BackendType) -> Self {
        let mut settings = LoadedSettings::of(&CodeSettings::default(), &|_| None, None).settings;
        settings.set_default_backends(vec![backend]);
        settings
    }

    /// Returns the guard of the process's environment, where no other settings are read. A wrong one counts as unset.
    #[cfg(feature = "guard")]
    pub(crate) fn guard_of_environment() -> GuardMode {
        let environment: Environment<'_> = &|name| std::env::var_os(name);
        let found = decide(&variables::GUARD, &CodeSettings::default(), environment, None);
        let mut reader = SettingsReader::new(vec![(&variables::GUARD, found)], None);
        reader.text(&variables::GUARD, values::guard).unwrap_or_default()
    }

    /// Adds a problem to a setting that can be found only when the backends are known, and returns it.
    pub(crate) fn add_problem(&mut self, variable: &'static Variable, why: &Problem) -> Problem {
        let wrong = SettingError {
            message: why.message().to_owned(),
            help: why.help().map(str::to_owned),
            ..SettingError::default()
        };
        let shown = self.shown.iter_mut().find(|shown| shown.variable == variable);
        let origin = shown.as_ref().map_or(&SettingOrigin::Default, |shown| &shown.origin);
        let problem = wrong.at(variable.name(), origin);
        if let Some(shown) = shown {
            shown.wrong = Some(problem.message().to_owned());
        }
        problem
    }
}

impl LoadedSettings {
    /// Loads the settings of this process: those set in code, its environment, and the `secrets.toml` of its
    /// working directory.
    pub(crate) fn of_process(built: &CodeSettings) -> Self {
        // If the working directory was deleted, there is no `secrets.toml`.
        let directory = std::env::current_dir().ok();
        Self::of(built, &|name| std::env::var_os(name), directory.as_deref())
    }

    /// Loads the settings of an environment and a working directory. Settings in code override them.
    pub(super) fn of(
        built: &CodeSettings,
        environment: Environment<'_>,
        directory: Option<&Path>,
    ) -> Self {
        let folders = Folders::of(environment);
        let mut problems = Vec::new();
        let file = lookup::config_file(built, environment, directory, &folders, &mut problems);
        let is_trusted = file.as_ref().is_none_or(ConfigFile::is_trusted);
        let found =
            variables::ALL.iter().map(|v| (*v, decide(v, built, environment, file.as_ref())));
        let mut reader = SettingsReader::new(found.collect(), directory).with_trust(is_trusted);
        let mut settings = Settings::read(&mut reader, file, &folders);
        problems.extend(reader.into_problems());
        let shown = settings.shown.iter().map(|shown| complete(&settings, shown, &problems));
        settings.shown = shown.collect();
        Self { settings, problems }
    }

    /// Returns the settings, if there is no problem.
    ///
    /// # Errors
    /// `InvalidConfig`, with every problem.
    pub(crate) fn into_result(self) -> Result<Settings, Error> {
        match self.problems.is_empty() {
            true => Ok(self.settings),
            false => Err(Error::from_problems(self.problems)),
        }
    }
}

/// Returns the state to print, with the default that depends on the user's folders and with the problem.
fn complete(settings: &Settings, shown: &SettingState, problems: &[Problem]) -> SettingState {
    let origin = shown.origin.of_problem(shown.variable.name());
    let wrong = problems.iter().find(|problem| problem.origin() == origin);
    SettingState {
        default: settings.local.default_of(shown.variable),
        wrong: wrong.map(|problem| problem.message().to_owned()),
        ..shown.clone()
    }
}
