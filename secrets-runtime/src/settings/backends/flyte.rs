use std::path::PathBuf;

use crate::settings::{
    reader::SettingsReader,
    values::{self, Read},
    variables,
};

/// The settings for `flyte`, with flytekit's own defaults.
#[derive(Debug, Clone)]
pub(crate) struct FlyteSettings {
    /// The prefix of the variables of mounted secrets; never empty.
    pub(crate) env_prefix: String,
    /// The folder of mounted secrets.
    pub(crate) dir: PathBuf,
    /// The prefix of the names of mounted files; often empty.
    pub(crate) file_prefix: String,
}

impl FlyteSettings {
    pub(in crate::settings) fn read(reader: &mut SettingsReader<'_>) -> Self {
        let env_prefix = reader.text(&variables::FLYTE_ENV_PREFIX, trimmed);
        let dir = reader.path(&variables::FLYTE_DEFAULT_DIR);
        let file_prefix = reader.text(&variables::FLYTE_FILE_PREFIX, trimmed);
        Self {
            env_prefix: env_prefix
                .filter(|prefix| !prefix.is_empty())
                .unwrap_or_else(|| "_FSEC_".into()),
            dir: dir.unwrap_or_else(|| "/etc/secrets".into()),
            file_prefix: file_prefix.unwrap_or_default(),
        }
    }
}

/// Removes the white space around a text, as flytekit does when it reads its settings.
fn trimmed(text: &str) -> Read<String> {
    values::text(text.trim())
}
