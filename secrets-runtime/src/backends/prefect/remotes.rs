//! The APIs that are asked behind the local context.

use std::{fmt, sync::Arc};

use crate::{
    backend::{
        Backend, BoxFuture, Fetched, capabilities::Capabilities, fetch_request::FetchRequest,
        identity::Identity,
    },
    backends::{
        bounded_tasks::{DEFAULT_CONCURRENCY, run_bounded},
        prefect::{
            answer::{KIND, fetched, secret_name},
            api::Api,
            cloud::Cloud,
            local_context::LocalContext,
        },
    },
    core::{error::Error, secret_value::SecretValue},
    settings::{Settings, backends::prefect::PrefectSettings},
};

/// The part of Prefect's backend that asks APIs. It is asked for what is not in the local context, which its errors
/// and its `Display` name too.
#[derive(Debug)]
pub(super) struct Remotes {
    context: Arc<LocalContext>,
    apis: Arc<Apis>,
}

/// The APIs that are set up, in the order in which they are asked.
#[derive(Debug)]
pub(super) struct Apis {
    cloud: Option<Cloud>,
    api: Option<Api>,
}

impl Remotes {
    /// Creates the part from the settings; `None` if they name no API.
    pub(super) fn of_settings(settings: &Settings, context: &Arc<LocalContext>) -> Option<Self> {
        let timeout = settings.attempt_timeout();
        let PrefectSettings { api_url, api_key, cloud_api, cloud_key, cloud_tenant, .. } =
            &settings.prefect;
        let api = api_url.as_ref().map(|url| Api::new(url, api_key.clone(), timeout));
        let cloud = settings.prefect.secrets_are_in_cloud().then(|| {
            Cloud::new(cloud_api.as_ref(), cloud_key.clone(), cloud_tenant.clone(), timeout)
        });
        let is_any = api.is_some() || cloud.is_some();
        is_any.then(|| Self { context: context.clone(), apis: Arc::new(Apis { cloud, api }) })
    }

    /// Asks for what was not found so far, several secrets at a time. What was found stays as it is.
    pub(super) async fn fill<R, F>(
        &self,
        requests: &[FetchRequest<'_>],
        found: Vec<Result<Option<R>, Error>>,
        ask: fn(Arc<Apis>, String) -> F,
    ) -> Vec<Result<Option<R>, Error>>
    where
        R: Send + 'static,
        F: Future<Output = Result<Option<R>, Error>> + Send + 'static,
    {
        let open = |found: &Result<Option<R>, Error>| matches!(found, Ok(None));
        let names = requests.iter().zip(&found).filter(|(_, found)| open(found));
        let names = names.map(|(request, _)| secret_name(request).map(str::to_owned));
        let apis = self.apis.clone();
        let one = move |name: Result<String, Error>| {
            let apis = apis.clone();
            async move { ask(apis, name?).await }
        };
        let mut answers = run_bounded(names.collect(), DEFAULT_CONCURRENCY, one).await.into_iter();
        let fill = |found: Result<Option<R>, Error>| match open(&found) {
            true => answers.next().unwrap_or(found),
            false => found,
        };
        found.into_iter().map(fill).collect()
    }

    /// Returns the error for a secret that neither the local context nor an API has.
    pub(super) fn missing(&self, name: &str) -> Error {
        self.context.missing(name, &self.apis.places())
    }
}

impl Apis {
    /// Fetches a secret from the first API that has it. One that fails is an error: the next might have another
    /// secret of this name.
    pub(super) async fn fetch(self: Arc<Self>, name: String) -> Result<Option<SecretValue>, Error> {
        if let Some(cloud) = &self.cloud
            && let Some(value) = cloud.fetch(&name).await?
        {
            return Ok(Some(value));
        }
        match &self.api {
            Some(api) => api.fetch(&name).await,
            None => Ok(None),
        }
    }

    /// Returns whether one of them has a secret, as `Some(())` or `None`.
    pub(super) async fn find(self: Arc<Self>, name: String) -> Result<Option<()>, Error> {
        if let Some(cloud) = &self.cloud
            && cloud.exists(&name).await?
        {
            return Ok(Some(()));
        }
        let exists = match &self.api {
            Some(api) => api.exists(&name).await?,
            None => false,
        };
        Ok(exists.then_some(()))
    }

    /// Where they are, for people.
    fn places(&self) -> Vec<String> {
        let cloud = self.cloud.as_ref().map(Cloud::place);
        cloud.into_iter().chain(self.api.as_ref().map(Api::place)).collect()
    }
}

impl fmt::Display for Remotes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.context.fmt(f)?;
        for place in self.apis.places() {
            write!(f, ", {place}")?;
        }
        Ok(())
    }
}

impl Backend for Remotes {
    fn kind(&self) -> &str {
        KIND.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().uses_role(false).needs_tokio(false)
    }

    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        Identity::without_options(request)
    }

    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
        Box::pin(async move {
            let none = requests.iter().map(|_| Ok(None)).collect();
            let found = self.fill(requests, none, Apis::fetch).await;
            let answer = |(request, found): (_, Result<Option<SecretValue>, Error>)| {
                let name = secret_name(request)?;
                fetched(request, found?.ok_or_else(|| self.missing(name))?)
            };
            requests.iter().zip(found).map(answer).collect()
        })
    }

    /// Without reading a value.
    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        Box::pin(async move {
            let none = requests.iter().map(|_| Ok(None)).collect();
            let found = self.fill(requests, none, Apis::find).await;
            found.into_iter().map(|found| Ok(found?.is_some())).collect()
        })
    }
}
