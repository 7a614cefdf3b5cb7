use secrets_spec::SpecError;

use crate::{
    core::{
        error::{ErrorKind, Problem},
        escape,
        help_code::HelpCode,
    },
    settings::raw_value::SettingOrigin,
};

/// A problem with a setting whose origin is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SettingError {
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// The wrong text, to be quoted.
    pub(super) found: Option<String>,
    /// The feature that this build lacks.
    pub(super) feature: Option<&'static str>,
}

impl SettingError {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()), ..Self::default() }
    }

    /// A setting needs a feature that this build lacks.
    #[cfg(not(feature = "guard"))]
    pub(super) fn missing_feature(feature: &'static str) -> Self {
        let message = format!("it needs the feature `{feature}`, which this build lacks");
        Self { message, feature: Some(feature), ..Self::default() }
    }

    /// Sets the wrong text, which must not be one of a credential.
    pub(super) fn quoting(self, text: &str) -> Self {
        Self { found: Some(text.to_owned()), ..self }
    }

    /// Returns the problem of the setting `variable`, whose text came from `origin`.
    pub(super) fn at(self, variable: &'static str, origin: &SettingOrigin) -> Problem {
        // A text in code is known to the author, who may have put a value there.
        let found = self.found.as_deref().filter(|_| *origin != SettingOrigin::Code);
        let message = with_found(self.message, found.unwrap_or_default());
        let message = match origin.place() {
            Some(place) => format!("{message} ({place})"),
            None => message,
        };
        let origin = origin.of_problem(variable);
        match self.feature {
            Some(feature) => Problem::new(ErrorKind::NotSupported, message)
                .with_origin(origin)
                .with_help_code(HelpCode::BuildWithFeature { feature, reason: None }),
            None => problem(origin, message, self.help),
        }
    }
}

/// Adds the wrong text to a message, unless it quotes the text already.
fn with_found(message: String, found: &str) -> String {
    let quotes = ['"', '`'].map(|quote| format!("{quote}{found}{quote}"));
    if found.is_empty() || quotes.iter().any(|quoted| message.contains(quoted)) {
        return message;
    }
    // The message may quote the wrong part.
    let joint = if message.ends_with('"') { ", in" } else { ":" };
    format!("{message}{joint} `{}`", escape::escape_name(found))
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
        let help = error.help().map(str::to_owned);
        Self { message: error.message().to_owned(), help, ..Self::default() }
    }
}
