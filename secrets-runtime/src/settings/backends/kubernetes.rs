use std::path::PathBuf;

use crate::{
    core::secret_value::SecretValue,
    settings::{reader::SettingsReader, values, variables},
};

/// The settings for `kubernetes`. `Debug` prints no credential.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(any(test, feature = "kubernetes")),
    expect(
        dead_code,
        reason = "read and checked in every build; the backend needs the feature `kubernetes`"
    )
)]
pub(crate) struct KubernetesSettings {
    /// The address of the API, if it is not that of the pod's cluster. It may contain a user and a password.
    pub(crate) url: Option<SecretValue>,
    /// The folder of the service account.
    pub(crate) dir: Option<PathBuf>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<String>,
}

impl KubernetesSettings {
    pub(in crate::settings) fn read(reader: &mut SettingsReader<'_>) -> Self {
        Self {
            url: reader.secret(&variables::KUBERNETES_URL),
            dir: reader.path(&variables::KUBERNETES_DIR),
            host: reader.text(&variables::KUBERNETES_SERVICE_HOST, values::text),
            port: reader.text(&variables::KUBERNETES_SERVICE_PORT, values::text),
        }
    }
}
