use std::path::PathBuf;

use crate::settings::{
    precedence::{CodeSettings, Environment, decide},
    reader::SettingsReader,
    values, variables,
};

/// The text of `SECRETS_AUDIT` that stands for no file.
pub(crate) const AUDIT_OFF: &str = "off";

/// Where the use of secrets is recorded. `secrets.toml` cannot set it, so that a cloned repository switches no log off.
#[derive(Debug, Clone)]
pub(crate) struct AuditSettings {
    pub(crate) file: Option<PathBuf>,
    /// Whether a step fails if its events cannot be recorded.
    pub(crate) is_required: bool,
}

impl AuditSettings {
    pub(super) fn read(reader: &mut SettingsReader<'_>) -> Self {
        let is_required = reader.text(&variables::AUDIT_REQUIRED, values::switch);
        Self {
            file: reader.path_unless(AUDIT_OFF, &variables::AUDIT),
            is_required: is_required.unwrap_or_default(),
        }
    }

    /// Returns the settings of the process's environment, where no others are read. A wrong one counts as unset.
    pub(crate) fn of_environment() -> Self {
        let environment: Environment<'_> = &|name| std::env::var_os(name);
        let directory = std::env::current_dir().ok();
        let code = CodeSettings::default();
        let found = [&variables::AUDIT, &variables::AUDIT_REQUIRED]
            .map(|variable| (variable, decide(variable, &code, environment, None)));
        Self::read(&mut SettingsReader::new(found.into(), directory.as_deref()))
    }
}
