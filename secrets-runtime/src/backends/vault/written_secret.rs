//! One secret of KV that is written.

use std::sync::Arc;

use reqwest::Method;
use secrets_spec::BuiltIn;
use zeroize::Zeroizing;

use crate::{
    backend::{
        MAX_VALUE_BYTES,
        change::{exists_already, has_changed},
        generation::WriteGuard,
        payload::Payload,
    },
    backends::vault::{
        answer::{VaultAnswer, member},
        client::VaultClient,
        failure::TokenHealth,
        mounts::{Engine, EngineMount},
        request::VaultRequest,
        server::ApiRequest,
    },
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    payload::json::{self, form::Form},
};

/// The version of every secret of KV of version 1, which keeps none.
const ONLY_VERSION: &str = "1";

/// How often a write is tried that others are faster than.
const MAX_TRIES: usize = 10;

/// A secret of KV that is written.
pub(super) struct WrittenSecret {
    pub client: Arc<VaultClient>,
    pub request: VaultRequest,
    pub mount: EngineMount,
}

/// What is at a path of KV.
pub(super) enum KvState {
    None,
    There(String),
    /// This version is the newest, and deleted.
    Deleted(u64),
}

impl KvState {
    pub(super) fn current(self) -> Option<String> {
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
    pub(super) async fn put(&self, payload: &Payload) -> Result<String, Error> {
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

    pub(super) async fn create(&self, payload: &Payload) -> Result<String, Error> {
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

    pub(super) async fn replace(&self, version: &str, payload: &Payload) -> Result<String, Error> {
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
    pub(super) async fn delete(&self) -> Result<bool, Error> {
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

    pub(super) async fn versions(&self) -> Result<Vec<String>, Error> {
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
    pub(super) async fn content(&self) -> Result<Payload, Error> {
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

    pub(super) async fn state(&self) -> Result<KvState, Error> {
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
        let request = ApiRequest::new(method, path, body);
        self.client.call(&request).await.map(|(answer, _)| answer)
    }

    async fn refused(&self, answer: &VaultAnswer) -> Error {
        if answer.status == 403 {
            let path = self.mount.api_path(self.id());
            let is_bare = answer.is_bare_denial();
            let health = if is_bare { TokenHealth::Unknown } else { TokenHealth::Good };
            return self.client.server.denied(self.id(), &path, health, true);
        }
        match answer.status {
            404 => self.client.no_secret(self.id()),
            _ => self.client.server.failed(answer),
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
