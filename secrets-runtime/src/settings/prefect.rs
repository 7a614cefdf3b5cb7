use crate::{
    core::secret_value::SecretValue,
    settings::{reader::SettingsReader, values, variables},
};

/// What Prefect's own variables say. `Debug` shows no credential.
#[derive(Debug, Clone, Default)]
#[cfg_attr(not(feature = "prefect"), allow(dead_code, reason = "its APIs are not asked"))]
pub(crate) struct PrefectSettings {
    /// The API of Prefect 3.
    pub api_url: Option<SecretValue>,
    pub api_key: Option<SecretValue>,
    /// Where its `config.toml` is, as it is written.
    pub config_path: Option<String>,
    /// `cloud`, if secrets are in Cloud 1.x.
    pub backend: Option<String>,
    /// `false`, if they are not in the local context.
    pub use_local_secrets: Option<String>,
    pub cloud_api: Option<SecretValue>,
    pub cloud_key: Option<SecretValue>,
    pub cloud_tenant: Option<String>,
}

impl PrefectSettings {
    /// Whether secrets are looked for in Cloud 1.x.
    pub(crate) fn secrets_are_in_cloud(&self) -> bool {
        let is = |text: &Option<String>, wanted: &str| {
            text.as_deref().is_some_and(|text| text.trim().eq_ignore_ascii_case(wanted))
        };
        is(&self.backend, "cloud") && is(&self.use_local_secrets, "false")
    }

    /// The variable that asks for one of its APIs, if one does.
    #[cfg(not(feature = "prefect"))]
    pub(crate) fn remote(&self) -> Option<&'static str> {
        if self.api_url.is_some() {
            return Some(variables::PREFECT_API_URL.name());
        }
        self.secrets_are_in_cloud().then(|| variables::PREFECT_BACKEND.name())
    }

    pub(super) fn read(texts: &mut SettingsReader<'_>) -> Self {
        Self {
            api_url: texts.secret(&variables::PREFECT_API_URL),
            api_key: texts.secret(&variables::PREFECT_API_KEY),
            config_path: texts.text(&variables::PREFECT_USER_CONFIG_PATH, values::text),
            backend: texts.text(&variables::PREFECT_BACKEND, values::text),
            use_local_secrets: texts.text(&variables::PREFECT_USE_LOCAL_SECRETS, values::text),
            cloud_api: texts.secret(&variables::PREFECT_CLOUD_API),
            cloud_key: texts.secret(&variables::PREFECT_CLOUD_API_KEY),
            cloud_tenant: texts.text(&variables::PREFECT_CLOUD_TENANT_ID, values::text),
        }
    }
}
