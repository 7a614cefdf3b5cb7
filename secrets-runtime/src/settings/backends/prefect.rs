use crate::{
    core::{credential::Credential, secret_value::SecretValue},
    settings::{reader::SettingsReader, values, variables},
};

/// The values of Prefect's own variables. `Debug` prints no credential.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(any(test, feature = "prefect")),
    expect(
        dead_code,
        reason = "read and checked in every build; the APIs need the feature `prefect`"
    )
)]
pub(crate) struct PrefectSettings {
    /// The address of the API of Prefect 3. It may contain a user and a password.
    pub(crate) api_url: Option<SecretValue>,
    /// The key for that API.
    pub(crate) api_key: Option<Credential>,
    /// The path of Prefect's `config.toml`, as it is written.
    pub(crate) config_path: Option<String>,
    /// `cloud`, if secrets are in Cloud 1.x.
    pub(crate) backend: Option<String>,
    /// `false`, if secrets are not in the local context.
    pub(crate) use_local_secrets: Option<String>,
    /// The address of the API of Cloud 1.x. It may contain a user and a password.
    pub(crate) cloud_api: Option<SecretValue>,
    /// The key for Cloud 1.x.
    pub(crate) cloud_key: Option<Credential>,
    /// The tenant in Cloud 1.x.
    pub(crate) cloud_tenant: Option<String>,
}

impl PrefectSettings {
    pub(in crate::settings) fn read(reader: &mut SettingsReader<'_>) -> Self {
        Self {
            api_url: reader.secret(&variables::PREFECT_API_URL),
            api_key: reader.credential(&variables::PREFECT_API_KEY),
            config_path: reader.text(&variables::PREFECT_USER_CONFIG_PATH, values::text),
            backend: reader.text(&variables::PREFECT_BACKEND, values::text),
            use_local_secrets: reader.text(&variables::PREFECT_USE_LOCAL_SECRETS, values::text),
            cloud_api: reader.secret(&variables::PREFECT_CLOUD_API),
            cloud_key: reader.credential(&variables::PREFECT_CLOUD_API_KEY),
            cloud_tenant: reader.text(&variables::PREFECT_CLOUD_TENANT_ID, values::text),
        }
    }

    /// Returns whether secrets are looked up in Cloud 1.x.
    pub(crate) fn secrets_are_in_cloud(&self) -> bool {
        let is = |text: &Option<String>, wanted: &str| {
            text.as_deref().is_some_and(|text| text.trim().eq_ignore_ascii_case(wanted))
        };
        is(&self.backend, "cloud") && is(&self.use_local_secrets, "false")
    }

    /// Returns the variable that asks for one of Prefect's APIs, if one is set.
    #[cfg(not(feature = "prefect"))]
    pub(crate) fn remote(&self) -> Option<&'static str> {
        if self.api_url.is_some() {
            return Some(variables::PREFECT_API_URL.name());
        }
        self.secrets_are_in_cloud().then(|| variables::PREFECT_BACKEND.name())
    }
}
