use std::{ops::ControlFlow, sync::Arc, time::SystemTime};

use aws_sdk_secretsmanager::{
    Client,
    primitives::Blob,
    types::{SecretVersionsListEntry, Tag},
};
use secrets_spec::BuiltIn;
use tokio::time::timeout_at;

use crate::{
    backend::{BoxFuture, MAX_VALUE_BYTES, generation::WriteGuard, payload::Payload, store::Store},
    backends::aws::{
        sdk::{
            clients::{Clients, ScopeClient},
            error::AwsFailure,
            fetch::{deadline, further},
            scope::{AwsService, Scope},
            secrets_manager::AwsSecretsManager,
        },
        target::region_of,
    },
    core::error::{Error, ErrorKind},
    rt::{block_on::block_on, io_thread::on_io_thread},
};

impl Store for AwsSecretsManager {
    /// Creates a secret, or a new version of it.
    fn put<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        self.work(id, move |client, id| async move {
            let _writing = WriteGuard::to(BuiltIn::AwsSecretsManager.name(), &id);
            put(&client, &id, payload).await
        })
    }

    /// Creates a secret in one step: of several that do so at the same time, one succeeds.
    fn create<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        self.work(id, move |client, id| async move {
            let _writing = WriteGuard::to(BuiltIn::AwsSecretsManager.name(), &id);
            create(&client, &id, &payload).await
        })
    }

    /// Schedules the deletion: for [`AwsSecretsManager::RECOVERY_DAYS`] days it can be restored.
    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move { Ok(self.schedule_deletion(id).await?.is_some()) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        Box::pin(async move {
            let mut names = Vec::new();
            let mut each = |name| {
                names.push(name);
                ControlFlow::Continue(())
            };
            self.list_each(&mut each).await?;
            names.sort_unstable();
            Ok(names)
        })
    }

    /// Page by page, in the order of AWS. Each page may take as long as a whole fetch.
    fn list_each<'a>(
        &'a self,
        each: &'a mut (dyn FnMut(String) -> ControlFlow<()> + Send),
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let mut next = None;
            loop {
                let asked = self.work("", |client, _| async move { page(&client, next).await });
                let (names, further) = asked.await?;
                let broken = names.into_iter().try_for_each(&mut *each).is_break();
                if broken || further.is_none() {
                    return Ok(());
                }
                next = further;
            }
        })
    }

    fn versions<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        self.work(id, |client, id| async move { versions(&client, &id).await })
    }

    /// The version that `GetSecretValue` reports: who reads a secret to change it may call that, and needs no further
    /// permission.
    fn version<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<String>, Error>> {
        self.work(id, |client, id| async move {
            match client.client.get_secret_value().secret_id(&id).send().await {
                Ok(output) => Ok(output.version_id),
                Err(error) => match AwsFailure::of(&error) {
                    failure if failure.kind() == ErrorKind::NotFound => Ok(None),
                    failure => Err(failure.explain(&id, &client.scope)),
                },
            }
        })
    }
}

impl AwsSecretsManager {
    /// Schedules the deletion of a secret and returns when it ends; until then the secret can be restored.
    /// `None` if there is no such secret.
    ///
    /// # Errors
    /// What AWS refuses. One that is scheduled already is [`ErrorKind::Deleted`].
    pub async fn schedule_deletion(&self, id: &str) -> Result<Option<SystemTime>, Error> {
        let work = |client: Arc<ScopeClient>, id: String| async move {
            let call = client.client.delete_secret().secret_id(&id);
            let call = call.recovery_window_in_days(i64::from(Self::RECOVERY_DAYS));
            let _writing = WriteGuard::to(BuiltIn::AwsSecretsManager.name(), &id);
            match call.send().await {
                Ok(output) => {
                    let end = output.deletion_date.and_then(|date| date.try_into().ok());
                    Ok(Some(end.unwrap_or_else(SystemTime::now)))
                }
                Err(error) => match AwsFailure::of(&error) {
                    failure if failure.kind() == ErrorKind::NotFound => Ok(None),
                    failure => Err(failure.explain(&id, &client.scope)),
                },
            }
        };
        self.work(id, work).await
    }

    /// Blocking version of [`schedule_deletion`](Self::schedule_deletion): parks this thread; works inside and outside any runtime.
    ///
    /// # Errors
    /// Those of [`schedule_deletion`](Self::schedule_deletion).
    pub fn schedule_deletion_blocking(&self, id: &str) -> Result<Option<SystemTime>, Error> {
        block_on(self.schedule_deletion(id))
    }

    /// Sets a tag of a secret, such as `outerbounds.com/accessible-by-deployment`.
    ///
    /// # Errors
    /// What AWS refuses.
    pub async fn tag(&self, id: &str, key: &str, value: &str) -> Result<(), Error> {
        let tag = Tag::builder().key(key).value(value).build();
        let work = |client: Arc<ScopeClient>, id: String| async move {
            let call = client.client.tag_resource().secret_id(&id).tags(tag);
            match call.send().await {
                Ok(_) => Ok(()),
                Err(error) => Err(AwsFailure::of(&error).of_writing().explain(&id, &client.scope)),
            }
        };
        self.work(id, work).await
    }

    /// Blocking version of [`tag`](Self::tag): parks this thread; works inside and outside any runtime.
    ///
    /// # Errors
    /// Those of [`tag`](Self::tag).
    pub fn tag_blocking(&self, id: &str, key: &str, value: &str) -> Result<(), Error> {
        block_on(self.tag(id, key, value))
    }

    /// Returns the tags of a secret, sorted by key.
    ///
    /// # Errors
    /// What AWS refuses.
    pub async fn tags(&self, id: &str) -> Result<Vec<(String, String)>, Error> {
        let work = |client: Arc<ScopeClient>, id: String| async move {
            let output = client.client.describe_secret().secret_id(&id).send().await;
            let output =
                output.map_err(|error| AwsFailure::of(&error).explain(&id, &client.scope))?;
            let tag = |tag: Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
            let mut tags: Vec<_> = output.tags.unwrap_or_default().into_iter().map(tag).collect();
            tags.sort();
            Ok(tags)
        };
        self.work(id, work).await
    }

    /// Blocking version of [`tags`](Self::tags): parks this thread; works inside and outside any runtime.
    ///
    /// # Errors
    /// Those of [`tags`](Self::tags).
    pub fn tags_blocking(&self, id: &str) -> Result<Vec<(String, String)>, Error> {
        block_on(self.tags(id))
    }

    /// Returns the caller's ARN, before a role is assumed, and the region: to check the settings.
    ///
    /// # Errors
    /// If there are no credentials or no region, or AWS cannot be asked.
    pub async fn caller(&self) -> Result<(String, String), Error> {
        let clients = self.0.clone();
        on_io_thread(async move { clients.identity().await }).await?
    }

    /// Blocking version of [`caller`](Self::caller): parks this thread; works inside and outside any runtime.
    ///
    /// # Errors
    /// Those of [`caller`](Self::caller).
    pub fn caller_blocking(&self) -> Result<(String, String), Error> {
        block_on(self.caller())
    }

    /// Does something with a secret, in its region and in the role for writing.
    fn work<'a, T, F>(
        &'a self,
        id: &str,
        work: impl FnOnce(Arc<ScopeClient>, String) -> F + Send + 'static,
    ) -> BoxFuture<'a, Result<T, Error>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send,
    {
        let (clients, id) = (self.0.clone(), id.to_owned());
        Box::pin(async move {
            on_io_thread(async move {
                let scope = scope(&clients, &id).await?;
                let timed_out = AwsFailure::timed_out().explain(&id, &scope);
                let working = async {
                    let client = clients.client(&scope).await?;
                    work(client, id).await
                };
                timeout_at(deadline(&clients), working).await.unwrap_or(Err(timed_out))
            })
            .await?
        })
    }
}

async fn scope(clients: &Clients, id: &str) -> Result<Scope, Error> {
    let region = match region_of(id) {
        Some(region) => region,
        None => clients.default_region().await?,
    };
    let role = clients.config().role.clone();
    Ok(Scope { service: AwsService::SecretsManager, role, region })
}

async fn put(client: &ScopeClient, id: &str, payload: Payload) -> Result<String, Error> {
    let (text, bytes) = parts(&payload)?;
    let call = client.client.put_secret_value().secret_id(id);
    let call = call.set_secret_string(text).set_secret_binary(bytes);
    let failure = match call.send().await {
        Ok(output) => return Ok(output.version_id.unwrap_or_default()),
        Err(error) => AwsFailure::of(&error).of_writing(),
    };
    // An ARN names one that must be there.
    if failure.kind() != ErrorKind::NotFound || region_of(id).is_some() {
        return Err(failure.explain(id, &client.scope));
    }
    create(client, id, &payload).await
}

async fn create(client: &ScopeClient, id: &str, payload: &Payload) -> Result<String, Error> {
    let (text, bytes) = parts(payload)?;
    let call = client.client.create_secret().name(id);
    match call.set_secret_string(text).set_secret_binary(bytes).send().await {
        Ok(output) => Ok(output.version_id.unwrap_or_default()),
        Err(error) => Err(AwsFailure::of(&error).of_writing().explain(id, &client.scope)),
    }
}

/// What the SDK takes: it wants buffers of its own.
fn parts(payload: &Payload) -> Result<(Option<String>, Option<Blob>), Error> {
    let value = payload.value();
    let length = value.expose_bytes().len();
    if length > MAX_VALUE_BYTES {
        let message =
            format!("the value has {length} bytes, and AWS takes at most {MAX_VALUE_BYTES}");
        return Err(Error::new(ErrorKind::InvalidValue, message)
            .with_help("keep large data elsewhere, and its key or address here"));
    }
    Ok(match payload {
        Payload::Json(text) | Payload::Text(text) => (Some(text.expose_str()?.to_owned()), None),
        Payload::Binary(bytes) => (None, Some(Blob::new(bytes.expose_bytes()))),
    })
}

/// The names on one page of the list, and what asks for the next one.
async fn page(
    client: &ScopeClient,
    next: Option<String>,
) -> Result<(Vec<String>, Option<String>), Error> {
    let call = Client::list_secrets(&client.client).set_next_token(next);
    let output = call.send().await.map_err(|error| {
        let what = format!("listing the secrets of {}", client.scope);
        AwsFailure::of(&error).explain_call(&what)
    })?;
    let secrets = output.secret_list.unwrap_or_default();
    let names = secrets.into_iter().filter_map(|secret| secret.name).collect();
    Ok((names, further(output.next_token)))
}

async fn versions(client: &ScopeClient, id: &str) -> Result<Vec<String>, Error> {
    let (mut versions, mut next) = (Vec::new(), None);
    loop {
        let call = client.client.list_secret_version_ids().secret_id(id);
        let output = call.include_deprecated(true).set_next_token(next).send().await;
        let output = output.map_err(|error| AwsFailure::of(&error).explain(id, &client.scope))?;
        versions.extend(output.versions.unwrap_or_default());
        next = further(output.next_token);
        if next.is_none() {
            break;
        }
    }
    // Times of AWS are whole seconds: of two versions in one second, the current one is the newer.
    let age = |version: &SecretVersionsListEntry| {
        let created = version.created_date.map(|date| (date.secs(), date.subsec_nanos()));
        let stages = version.version_stages.as_deref().unwrap_or_default();
        let stage = |name: &str| stages.iter().any(|stage| stage == name);
        (stage("AWSCURRENT"), stage("AWSPREVIOUS"), created)
    };
    versions.sort_by_key(|version| std::cmp::Reverse(age(version)));
    Ok(versions.into_iter().filter_map(|version| version.version_id).collect())
}
