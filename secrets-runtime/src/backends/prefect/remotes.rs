//! What is asked behind the local context.

use crate::{
    backends::prefect::{api::Api, cloud::Cloud},
    core::{error::Error, secret_value::SecretValue},
    settings::{Settings, prefect::PrefectSettings},
};

/// The APIs that are set up, in the order in which they are asked.
#[derive(Debug, Default)]
pub(super) struct Remotes {
    cloud: Option<Cloud>,
    api: Option<Api>,
}

impl Remotes {
    pub(super) fn of_settings(settings: &Settings) -> Self {
        let timeout = settings.attempt_timeout();
        let PrefectSettings { api_url, api_key, cloud_api, cloud_key, cloud_tenant, .. } =
            &settings.prefect;
        let api = api_url.as_ref().map(|url| Api::new(url, api_key.clone(), timeout));
        let cloud = settings.prefect.secrets_are_in_cloud().then(|| {
            Cloud::new(cloud_api.as_ref(), cloud_key.clone(), cloud_tenant.clone(), timeout)
        });
        Self { cloud, api }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cloud.is_none() && self.api.is_none()
    }

    /// The value from the first that has it. One that fails is an error: the next might have another secret.
    pub(super) fn fetch(&self, name: &str) -> Result<Option<SecretValue>, Error> {
        if let Some(cloud) = &self.cloud
            && let Some(value) = cloud.fetch(name)?
        {
            return Ok(Some(value));
        }
        match &self.api {
            Some(api) => api.fetch(name),
            None => Ok(None),
        }
    }

    /// Whether one of them has it.
    pub(super) fn exists(&self, name: &str) -> Result<bool, Error> {
        if let Some(cloud) = &self.cloud
            && cloud.exists(name)?
        {
            return Ok(true);
        }
        self.api.as_ref().map_or(Ok(false), |api| api.exists(name))
    }

    /// Where they are, for a person.
    pub(super) fn places(&self) -> Vec<String> {
        let cloud = self.cloud.as_ref().map(Cloud::place);
        cloud.into_iter().chain(self.api.as_ref().map(Api::place)).collect()
    }
}
