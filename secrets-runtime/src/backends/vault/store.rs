//! Writes secrets of KV.

use std::sync::Arc;

use reqwest::Method;
use secrets_spec::BuiltIn;
use zeroize::Zeroizing;

use crate::{
    backend::{
        BoxFuture, MAX_VALUE_BYTES,
        change::{SecretChange, check_distinct, exists_already, has_changed, is_gone},
        generation::WriteGuard,
        payload::Payload,
        store::Store,
    },
    backends::{
        http::each::each,
        vault::{
            AT_ONCE, Vault,
            answer::{VaultAnswer, member},
            client::VaultClient,
            mounts::{Engine, Mount},
            read::VaultRequest,
            server::{ApiRequest, encoded},
        },
    },
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
        secret_value::SecretValue,
    },
    payload::json::{self, form::Form},
    rt::io_thread::on_io_thread,
};

/// The version of every secret of KV of version 1, which keeps none.
const ONLY_VERSION: &str = "1";

/// How often a write is tried that others are faster than.
const MAX_TRIES: usize = 10;

impl Store for Vault {
    fn put<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        self.work(id, |secret| async move { secret.put(&payload).await })
    }

    fn create<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        self.work(id, |secret| async move { secret.create(&payload).await })
    }

    /// Carries out one change after another, each with the version that it expects.
    fn update(
        &self,
        changes: Vec<SecretChange>,
    ) -> BoxFuture<'_, Result<Vec<Option<String>>, Error>> {
        Box::pin(async move {
            check_distinct(&changes)?;
            self.check(&changes).await?;
            let (mut versions, mut done) = (Vec::new(), Vec::new());
            for change in changes {
                let name = format!("`{}`", escape_name(change.id()));
                match self.make(change).await {
                    Ok(version) => versions.push(version),
                    Err(error) if done.is_empty() => return Err(error),
                    Err(error) => {
                        let done = done.join(", ");
                        return Err(error.append(&format!("; changed before that: {done}")));
                    }
                }
                done.push(name);
            }
            Ok(versions)
        })
    }

    /// Deletes a secret with all of its versions. Where the policy permits to delete the newest version alone, that is
    /// done.
    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        self.work(id, |secret| async move { secret.delete().await })
    }

    /// Walks the KV mounts that the token sees.
    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        Box::pin(async move {
            let client = self.client()?;
            let mounts = on_io_thread(async move { client.kv_mounts().await }).await??;
            let mut folders: Vec<(Mount, String)> =
                mounts.into_iter().map(|mount| (mount, String::new())).collect();
            let mut found = Vec::new();
            // Level by level, all folders of one at once.
            while !folders.is_empty() {
                let client = self.client()?;
                let walk = move |(mount, folder): (Mount, String)| {
                    let client = client.clone();
                    async move {
                        let names = client.names_in(&mount, &folder).await?;
                        Ok((mount, folder, names))
                    }
                };
                let mut below = Vec::new();
                for listed in each(folders, AT_ONCE, walk).await {
                    let (mount, folder, names) = listed?;
                    for name in names {
                        match name.ends_with('/') {
                            true => below.push((mount.clone(), format!("{folder}{name}"))),
                            false => found.push(format!("{}{folder}{name}", mount.path)),
                        }
                    }
                }
                folders = below;
            }
            found.sort_unstable();
            Ok(found)
        })
    }

    fn versions<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        self.work(id, |secret| async move { secret.versions().await })
    }

    /// The version that a read reports: who reads a secret to change it needs no right to its metadata.
    fn version<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<String>, Error>> {
        self.work(id, |secret| async move { Ok(secret.state().await?.current()) })
    }
}

impl Vault {
    /// Does something with a secret, on the I/O thread.
    fn work<'a, R, F>(
        &'a self,
        id: &'a str,
        work: impl FnOnce(WrittenSecret) -> F + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Error>>
    where
        R: Send + 'static,
        F: Future<Output = Result<R, Error>> + Send + 'static,
    {
        Box::pin(async move {
            let client = self.client()?;
            let request = VaultRequest::of_path(id)?;
            on_io_thread(async move {
                let mount = client.mount_of(&request).await?;
                if mount.engine == Engine::Other {
                    let path = escape_name(&request.path);
                    let message = format!("`{path}` is not below a KV engine");
                    return Err(Error::new(ErrorKind::NotSupported, message).with_help(
                        "only secrets of KV are written; configure other engines with bao",
                    ));
                }
                work(WrittenSecret { client, request, mount }).await
            })
            .await?
        })
    }

    /// Checks what every change expects, before any is made.
    async fn check(&self, changes: &[SecretChange]) -> Result<(), Error> {
        let mut errors = Vec::new();
        for change in changes {
            let id = change.id();
            let version = self.version(id).await?;
            let error = match (change, &version, change.expected_version()) {
                (SecretChange::Create { .. }, Some(_), _) => Some(exists_already(id)),
                (SecretChange::Create { .. }, None, _) => None,
                (_, None, _) => Some(is_gone(id)),
                (_, Some(version), Some(expected)) if version != expected => Some(has_changed(id)),
                _ => None,
            };
            errors.extend(error.map(|error| error.about(id, None)));
            if let SecretChange::Rename { new_id, .. } = change
                && self.version(new_id).await?.is_some()
            {
                errors.push(exists_already(new_id).about(id, None));
            }
        }
        Error::join(errors).map_or(Ok(()), Err)
    }

    async fn make(&self, change: SecretChange) -> Result<Option<String>, Error> {
        match change {
            SecretChange::Create { id, payload } => self.create(&id, payload).await.map(Some),
            SecretChange::Replace { id, version, payload } => {
                let replace =
                    |secret: WrittenSecret| async move { secret.replace(&version, &payload).await };
                self.work(&id, replace).await.map(Some)
            }
            SecretChange::Keep { version, .. } => Ok(Some(version)),
            SecretChange::Delete { id, .. } => match self.delete(&id).await? {
                true => Ok(None),
                false => Err(is_gone(&id)),
            },
            SecretChange::Rename { id, new_id } => {
                let read = |secret: WrittenSecret| async move { secret.content().await };
                let payload = self.work(&id, read).await?;
                let version = self.create(&new_id, payload).await?;
                self.delete(&id).await?;
                Ok(Some(version))
            }
        }
    }
}

/// A secret of KV that is written.
struct WrittenSecret {
    client: Arc<VaultClient>,
    request: VaultRequest,
    mount: Mount,
}

/// What is at a path of KV.
enum KvState {
    None,
    There(String),
    /// This version is the newest, and deleted.
    Deleted(u64),
}

impl KvState {
    fn current(self) -> Option<String> {
        match self {
            Self::There(version) => Some(version),
            Self::None | Self::Deleted(_) => None,
        }
    }
}

/// Why a write was not made.
enum WriteFailure {
    /// The secret has another version than the one expected.
    Conflict,
    Other(Error),
}

impl From<Error> for WriteFailure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl WrittenSecret {
    fn id(&self) -> &str {
        &self.request.path
    }

    /// Writes whatever is there.
    async fn put(&self, payload: &Payload) -> Result<String, Error> {
        for _ in 0..MAX_TRIES {
            let expected = match self.state().await? {
                KvState::None => 0,
                KvState::There(version) => version.parse().unwrap_or_default(),
                KvState::Deleted(version) => version,
            };
            match self.write(payload, expected).await {
                Ok(version) => return Ok(version),
                Err(WriteFailure::Other(error)) => return Err(error),
                Err(WriteFailure::Conflict) => {}
            }
        }
        Err(has_changed(self.id()))
    }

    async fn create(&self, payload: &Payload) -> Result<String, Error> {
        let mut expected = 0;
        if self.mount.engine == Engine::Kv1 && self.state().await?.current().is_some() {
            return Err(exists_already(self.id()));
        }
        for _ in 0..MAX_TRIES {
            match self.write(payload, expected).await {
                Ok(version) => return Ok(version),
                Err(WriteFailure::Other(error)) => return Err(error),
                // There is a version: it may be a deleted one, whose number is then expected.
                Err(WriteFailure::Conflict) => match self.state().await? {
                    KvState::There(_) => return Err(exists_already(self.id())),
                    KvState::Deleted(version) => expected = version,
                    KvState::None => expected = 0,
                },
            }
        }
        Err(has_changed(self.id()))
    }

    async fn replace(&self, version: &str, payload: &Payload) -> Result<String, Error> {
        let expected = version.parse().map_err(|_| has_changed(self.id()))?;
        match self.write(payload, expected).await {
            Ok(version) => Ok(version),
            Err(WriteFailure::Conflict) => Err(has_changed(self.id())),
            Err(WriteFailure::Other(error)) => Err(error),
        }
    }

    /// Writes a version, if the newest one is this; with zero, if there is none.
    async fn write(&self, payload: &Payload, expected: u64) -> Result<String, WriteFailure> {
        let content = object(payload)?;
        let _writing = WriteGuard::to(BuiltIn::Vault.name(), self.id());
        // Sent to the server that keeps it.
        let text = content.expose_str()?;
        if self.mount.engine == Engine::Kv1 {
            let path = self.mount.api_path(self.id());
            let answer = self.send(Method::POST, path, Some(text.as_bytes())).await?;
            return match answer.status {
                200..=204 => Ok(ONLY_VERSION.to_owned()),
                _ => Err(self.refused(&answer).await.into()),
            };
        }
        let options = format!(",\"options\":{{\"cas\":{expected}}}}}");
        let mut body = Zeroizing::new(String::with_capacity(8 + text.len() + options.len()));
        body.push_str("{\"data\":");
        body.push_str(text);
        body.push_str(&options);
        let path = self.mount.kv2_path("data", self.id());
        let answer = self.send(Method::POST, path, Some(body.as_bytes())).await?;
        match answer.status {
            200 => match answer.number_at(&["data", "version"]) {
                Some(version) => Ok(version.to_string()),
                None => Err(self.client.server.http.unexpected().into()),
            },
            400 if answer.says("check-and-set parameter did not match") => {
                Err(WriteFailure::Conflict)
            }
            _ => Err(self.refused(&answer).await.into()),
        }
    }

    /// Returns whether there was one.
    async fn delete(&self) -> Result<bool, Error> {
        let state = self.state().await?;
        if matches!(state, KvState::None) {
            return Ok(false);
        }
        let is_there = matches!(state, KvState::There(_));
        let _writing = WriteGuard::to(BuiltIn::Vault.name(), self.id());
        let data = self.mount.api_path(self.id());
        if self.mount.engine == Engine::Kv2 {
            let path = self.mount.kv2_path("metadata", self.id());
            let answer = self.send(Method::DELETE, path, None).await?;
            if answer.status != 403 {
                return match answer.status {
                    200..=204 => Ok(is_there),
                    _ => Err(self.refused(&answer).await),
                };
            }
        }
        let answer = self.send(Method::DELETE, data, None).await?;
        match answer.status {
            200..=204 => Ok(is_there),
            _ => Err(self.refused(&answer).await),
        }
    }

    async fn versions(&self) -> Result<Vec<String>, Error> {
        if self.mount.engine == Engine::Kv1 {
            return match self.state().await?.current() {
                Some(version) => Ok(vec![version]),
                None => Err(self.client.no_secret(self.id())),
            };
        }
        let path = self.mount.kv2_path("metadata", self.id());
        let answer = self.send(Method::GET, path, None).await?;
        if answer.status != 200 {
            return Err(self.refused(&answer).await);
        }
        let versions = answer.at(&["data", "versions"]);
        let versions = versions.and_then(|it| json::object(&it.value).ok()).unwrap_or_default();
        let is_there = |version: &json::Json| {
            let is_empty = member(version, "deletion_time")
                .is_none_or(|time| time.value.expose_bytes().is_empty());
            is_empty
                && member(version, "destroyed").is_none_or(|it| it.value.expose_bytes() != b"true")
        };
        let there = versions.iter().filter(|(_, version)| is_there(version));
        let mut numbers: Vec<u64> = there.filter_map(|(number, _)| number.parse().ok()).collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        match numbers.is_empty() {
            true => Err(self.client.no_secret(self.id())),
            false => Ok(numbers.into_iter().map(|number| number.to_string()).collect()),
        }
    }

    /// Returns the newest content.
    async fn content(&self) -> Result<Payload, Error> {
        let answer = self.send(Method::GET, self.mount.api_path(self.id()), None).await?;
        let path: &[&str] = match self.mount.engine {
            Engine::Kv2 => &["data", "data"],
            _ => &["data"],
        };
        match (answer.status, answer.at(path)) {
            (200, Some(data)) if data.form == Form::Object => Ok(Payload::Json(data.value)),
            (200, _) => Err(self.client.server.http.unexpected()),
            _ => Err(self.refused(&answer).await),
        }
    }

    async fn state(&self) -> Result<KvState, Error> {
        let answer = self.send(Method::GET, self.mount.api_path(self.id()), None).await?;
        let version = answer.number_at(&["data", "metadata", "version"]);
        match (answer.status, version) {
            (200, _) if self.mount.engine == Engine::Kv1 => {
                Ok(KvState::There(ONLY_VERSION.to_owned()))
            }
            (200, Some(version)) => Ok(KvState::There(version.to_string())),
            (404, Some(version)) => Ok(KvState::Deleted(version)),
            (404, None) if !answer.says("namespace not found") => Ok(KvState::None),
            _ => Err(self.refused(&answer).await),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: String,
        body: Option<&[u8]>,
    ) -> Result<VaultAnswer, Error> {
        let request = ApiRequest { method, path, body };
        self.client.call(&request).await.map(|(answer, _)| answer)
    }

    async fn refused(&self, answer: &VaultAnswer) -> Error {
        if answer.status == 403 {
            let health = crate::backends::vault::failure::TokenHealth::Unknown;
            let path = self.mount.api_path(self.id());
            let is_bare = answer.is_bare_denial();
            let health =
                if is_bare { health } else { crate::backends::vault::failure::TokenHealth::Good };
            return self.client.server.denied(self.id(), &path, health, true);
        }
        match answer.status {
            404 => self.client.no_secret(self.id()),
            _ => self.client.server.failed(answer),
        }
    }
}

impl VaultClient {
    /// Returns the KV mounts that the token sees.
    async fn kv_mounts(self: &Arc<Self>) -> Result<Vec<Mount>, Error> {
        let request = ApiRequest::get("sys/internal/ui/mounts".to_owned());
        let (answer, _) = self.call(&request).await?;
        match answer.status {
            200 => {}
            404 if answer.says("namespace not found") => return Err(self.server.no_namespace()),
            403 => {
                let health = crate::backends::vault::failure::TokenHealth::Bad;
                return Err(self.server.denied("sys/internal/ui/mounts", "", health, false));
            }
            _ => return Err(self.server.failed(&answer)),
        }
        let mounts = answer.at(&["data", "secret"]);
        let mounts = mounts.and_then(|mounts| json::object(&mounts.value).ok());
        let mounts = mounts.ok_or_else(|| self.server.http.unexpected())?;
        let text = |object: &json::Json, name: &str| {
            let found = member(object, name).filter(|found| found.form == Form::Text)?;
            found.value.expose_str().ok().map(str::to_owned) // a type or a version
        };
        let kv = mounts.into_iter().filter_map(|(path, mount)| {
            let kind = text(&mount, "type")?;
            let version = member(&mount, "options").and_then(|options| text(&options, "version"));
            let engine = Engine::of(&kind, version.as_deref());
            (matches!(kind.as_str(), "kv" | "generic")).then_some(Mount { path, engine })
        });
        let kv: Vec<Mount> = kv.collect();
        kv.iter().for_each(|mount| self.mounts.add(mount.clone()));
        Ok(kv)
    }

    /// Returns the names in a folder of a mount; those of folders end in a slash. One that may not be listed has none.
    async fn names_in(self: &Arc<Self>, mount: &Mount, folder: &str) -> Result<Vec<String>, Error> {
        let path = match mount.engine {
            Engine::Kv2 => {
                format!("{}metadata/{}?list=true", encoded(&mount.path), encoded(folder))
            }
            _ => format!("{}{}?list=true", encoded(&mount.path), encoded(folder)),
        };
        let (answer, _) = self.call(&ApiRequest::get(path)).await?;
        match answer.status {
            200 => {
                let keys = answer.at(&["data", "keys"]);
                let keys = keys.and_then(|keys| json::list(&keys.value).ok());
                let keys = keys.ok_or_else(|| self.server.http.unexpected())?;
                Ok(keys
                    .iter()
                    .filter_map(|it| it.value.expose_str().ok())
                    .map(str::to_owned)
                    .collect())
            }
            403 | 404 => Ok(Vec::new()),
            _ => Err(self.server.failed(&answer)),
        }
    }
}

/// Returns the JSON object that KV keeps.
fn object(payload: &Payload) -> Result<SecretValue, Error> {
    if payload.value().expose_bytes().len() > MAX_VALUE_BYTES {
        let message = format!("the value has more than {MAX_VALUE_BYTES} bytes");
        return Err(Error::new(ErrorKind::InvalidValue, message).with_help("store less"));
    }
    match payload {
        Payload::Json(value) => json::object(value).map(|_| value.clone()).map_err(|_| {
            Error::new(ErrorKind::InvalidValue, "the value is not a JSON object")
                .with_help("write fields: {\"password\": \"..\"}")
        }),
        _ => {
            Err(Error::new(ErrorKind::NotSupported, "Vault's KV keeps fields, and no plain value")
                .with_help("name the field: --value=.."))
        }
    }
}
