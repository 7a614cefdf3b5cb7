use std::path::PathBuf;

use crate::settings::{reader::SettingsReader, variables};

/// The settings for `file`.
#[derive(Debug, Clone)]
pub(crate) struct FileSettings {
    /// The folder of mounted secrets.
    pub(crate) dir: PathBuf,
}

impl FileSettings {
    pub(in crate::settings) fn read(reader: &mut SettingsReader<'_>) -> Self {
        // Docker, Compose and Kubernetes mount secrets there by convention.
        let dir = reader.path(&variables::FILE_DIR).unwrap_or_else(|| "/run/secrets".into());
        Self { dir }
    }
}
