use crate::{
    core::{credential::Credential, secret_value::SecretValue},
    settings::{reader::SettingsReader, values, variables},
};

/// The settings for `zenml`. `Debug` prints no credential.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(any(test, feature = "zenml")),
    expect(
        dead_code,
        reason = "read and checked in every build; the backend needs the feature `zenml`"
    )
)]
pub(crate) struct ZenmlSettings {
    /// The server's address. It may contain a user and a password.
    pub(crate) url: Option<SecretValue>,
    /// The user name for the server.
    pub(crate) username: Option<String>,
    /// The user's password.
    pub(crate) password: Option<Credential>,
}

impl ZenmlSettings {
    pub(in crate::settings) fn read(reader: &mut SettingsReader<'_>) -> Self {
        Self {
            url: reader.secret(&variables::ZENML_URL),
            username: reader.text(&variables::ZENML_USERNAME, values::text),
            password: reader.credential(&variables::ZENML_PASSWORD),
        }
    }
}
