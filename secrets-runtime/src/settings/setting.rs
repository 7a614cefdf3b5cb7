use crate::settings::{reader::SettingState, variables::Variable};

/// A setting of the process: its name, what holds, and where that comes from. Credentials, and texts that may
/// hold one in passing, are left out.
#[derive(Debug, Clone)]
pub struct Setting {
    variable: &'static Variable,
    text: Option<String>,
    origin: String,
    is_set: bool,
    default: String,
    problem: Option<String>,
}

impl Setting {
    pub(crate) fn of(shown: &SettingState) -> Self {
        Self {
            variable: shown.variable,
            text: shown.text.clone(),
            origin: shown.origin.to_string(),
            is_set: shown.origin != crate::settings::raw_value::Origin::Default,
            default: shown
                .default
                .clone()
                .unwrap_or_else(|| shown.variable.default().replace('`', "")),
            problem: shown.wrong.clone(),
        }
    }

    /// Its variable, which says its name and its default.
    #[must_use]
    pub fn variable(&self) -> &'static Variable {
        self.variable
    }

    /// The text that was given; `None` where nothing was, or where it is not to be shown.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Where it comes from, for a person: a variable, the line of `secrets.toml`, an option such
    /// as `--with`, `built in code`, `default`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether anything was given.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.is_set
    }

    /// What holds where nothing is set, in plain text, with the folders of this user; empty for nothing at all.
    #[must_use]
    pub fn default(&self) -> &str {
        &self.default
    }

    /// What is wrong with it: see [`ResolverBuilder::build_anyway`](crate::ResolverBuilder::build_anyway).
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}
