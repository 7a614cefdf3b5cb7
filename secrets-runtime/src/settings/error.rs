use secrets_spec::SpecError;

use crate::{
    core::{
        error::{ErrorKind, Problem},
        escape,
    },
    settings::raw_value::Origin,
};

/// A problem with a setting whose origin is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SettingError {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl SettingError {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }

    /// Adds the wrong text to the message, unless the message has it. The text must not be one of a credential.
    pub(super) fn quoting(mut self, text: &str) -> Self {
        let quotes_all = ['"', '`'].iter().any(|q| self.message.contains(&format!("{q}{text}{q}")));
        if !text.is_empty() && !quotes_all {
            // The message may quote the wrong part already.
            let joint = if self.message.ends_with('"') { ", in" } else { ":" };
            self.message = format!("{}{joint} `{}`", self.message, escape::escape_name(text));
        }
        self
    }

    /// Returns the problem of the setting `variable`, whose text came from `origin`.
    pub(super) fn at(self, variable: &'static str, origin: &Origin) -> Problem {
        let message = match origin.place() {
            Some(place) => format!("{} ({place})", self.message),
            None => self.message,
        };
        problem(origin.of_problem(variable), message, self.help)
    }
}

/// Creates a problem of the settings.
pub(super) fn problem(
    origin: impl Into<String>,
    message: impl Into<String>,
    help: Option<String>,
) -> Problem {
    let problem = Problem::new(ErrorKind::InvalidConfig, message).with_origin(origin);
    match help {
        Some(help) => problem.with_help(help),
        None => problem,
    }
}

impl From<SpecError> for SettingError {
    fn from(error: SpecError) -> Self {
        Self { message: error.message().to_owned(), help: error.help().map(str::to_owned) }
    }
}
