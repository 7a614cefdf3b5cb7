use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::settings::{raw_value::SettingOrigin, reader::SettingState, variables::Variable};

/// A setting of the process: its name, its text and its origin. Credentials, and texts that may contain one,
/// are left out.
///
/// As JSON it is
/// `{"name": "SECRETS_TIMEOUT", "value": "10", "default": "30", "origin": "built in code", "is_set": true, "problem": null}`,
/// where `value` is the [`text`](Self::text), and `value` and `problem` may be `null`.
#[derive(Debug, Clone)]
pub struct Setting {
    variable: &'static Variable,
    text: Option<String>,
    origin: String,
    is_set: bool,
    default: String,
    problem: Option<String>,
    elsewhere: Option<String>,
}

impl Setting {
    /// Returns the text with which another process has this setting too, if it is set to something that is valid
    /// there: neither a credential, nor a file of this machine, nor what describes this process.
    #[doc(hidden)]
    #[must_use]
    pub fn text_elsewhere(&self) -> Option<&str> {
        self.elsewhere.as_deref().filter(|text| !text.is_empty())
    }

    pub(crate) fn of(shown: &SettingState) -> Self {
        Self {
            variable: shown.variable,
            text: shown.text.clone(),
            origin: shown.origin.to_string(),
            is_set: shown.origin != SettingOrigin::Default,
            default: shown
                .default
                .clone()
                .unwrap_or_else(|| shown.variable.default().replace('`', "")),
            problem: shown.wrong.clone(),
            elsewhere: shown.elsewhere(),
        }
    }

    /// Returns the variable, with its name and documentation.
    #[must_use]
    pub fn variable(&self) -> &'static Variable {
        self.variable
    }

    /// Returns the text that was set, or `None` if nothing was set or if the text must not be printed. An address is
    /// returned without the user, the password and the query in it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Returns the origin as text: a variable, the line of `secrets.toml`, an option such as `--with`,
    /// `built in code` or `default`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns whether the setting is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.is_set
    }

    /// Returns the default in effect when nothing is set, in plain text, with the folders of this user. It is
    /// empty if there is no default.
    #[must_use]
    pub fn default(&self) -> &str {
        &self.default
    }

    /// Returns the problem with the setting; see
    /// [`ResolverBuilder::build_anyway`](crate::ResolverBuilder::build_anyway).
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}

impl Serialize for Setting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut setting = serializer.serialize_struct("Setting", 6)?;
        setting.serialize_field("name", self.variable.name())?;
        setting.serialize_field("value", &self.text)?;
        setting.serialize_field("default", &self.default)?;
        setting.serialize_field("origin", &self.origin)?;
        setting.serialize_field("is_set", &self.is_set)?;
        setting.serialize_field("problem", &self.problem)?;
        setting.end()
    }
}
