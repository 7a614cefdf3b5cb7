use std::path::PathBuf;

use crate::core::secret_value::SecretValue;

/// How a platform has mounted the secret, as files or variables: its texts may end with a line break that is not part
/// of the value.
#[derive(Debug, Clone, Default)]
pub(crate) struct MountOrigin {
    /// The file, if the secret is one file.
    pub(crate) path: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Text(SecretValue),
    Json(SecretValue),
    Binary(SecretValue),
    Fields(Vec<(String, SecretValue)>),
}
