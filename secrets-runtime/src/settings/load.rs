#[cfg(feature = "aws")]
use crate::settings::{error::SettingError, variables::Variable};
use crate::{
    core::error::{Error, Problem},
    settings::{Settings, reader::SettingState, variables},
};

/// Settings of which some may be wrong, and count as unset, with what is wrong.
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    pub(crate) problems: Vec<Problem>,
}

impl Loaded {
    /// Puts what is wrong beside the settings that are shown.
    pub(super) fn of(mut settings: Settings, problems: Vec<Problem>) -> Self {
        let shown = settings.shown.iter().map(|shown| complete(&settings, shown, &problems));
        settings.shown = shown.collect();
        Self { settings, problems }
    }

    /// The settings, if nothing is wrong.
    ///
    /// # Errors
    /// `InvalidConfig`, with everything that is wrong.
    pub(crate) fn into_result(self) -> Result<Settings, Error> {
        match self.problems.is_empty() {
            true => Ok(self.settings),
            false => Err(Error::from_problems(self.problems)),
        }
    }
}

#[cfg(feature = "aws")]
impl Settings {
    /// Puts beside a setting what only shows when the backends are known; gives it as the setting's problem.
    pub(crate) fn add_problem(&mut self, variable: &'static Variable, why: &Problem) -> Problem {
        let wrong =
            SettingError { message: why.message().to_owned(), help: why.help().map(str::to_owned) };
        let problem = wrong.at(variable.name(), self.origin(variable));
        if let Some(shown) = self.shown.iter_mut().find(|shown| shown.variable == variable) {
            shown.wrong = Some(problem.message().to_owned());
        }
        problem
    }
}

/// What is shown, with the default that the user's folders make and with what is wrong.
fn complete(settings: &Settings, shown: &SettingState, problems: &[Problem]) -> SettingState {
    let default = match shown.variable {
        variable if *variable == variables::LOCAL_DIR => settings.folders.local_dir().ok(),
        variable if *variable == variables::LOCAL_KEY_FILE => {
            settings.folders.local_key_file().ok()
        }
        _ => None,
    };
    let origin = shown.origin.of_problem(shown.variable.name());
    let wrong = problems.iter().find(|problem| problem.origin() == origin);
    SettingState {
        default: default.map(|path| path.display().to_string()),
        wrong: wrong.map(|problem| problem.message().to_owned()),
        ..shown.clone()
    }
}
