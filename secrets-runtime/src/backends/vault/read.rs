use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use reqwest::Method;
use secrets_spec::shell_word;

use crate::{
    backend::{Fetched, lease::Lease},
    backends::vault::{
        answer::VaultAnswer,
        client::VaultClient,
        failure::TokenHealth,
        mounts::{Engine, EngineMount},
        request::{VaultRequest, WantedVersion},
        server::ApiRequest,
        time::parse_time,
        token::Token,
    },
    core::{
        error::{Error, ErrorKind},
        escape::{escape_name, longest_json, write_json},
    },
    payload::json::{self, form::Form},
};

impl VaultClient {
    /// Fetches a secret.
    pub(super) async fn fetch(self: &Arc<Self>, request: &VaultRequest) -> Result<Fetched, Error> {
        let mount = self.mount_of(request).await?;
        if request.version != WantedVersion::Newest && mount.engine != Engine::Kv2 {
            let message = format!("`{}` has no versions", escape_name(&request.path));
            return Err(Error::new(ErrorKind::InvalidSource, message)
                .with_help("remove version_id: only KV of version 2 keeps versions"));
        }
        let mut path = mount.api_path(&request.path);
        let version = match request.version {
            WantedVersion::Newest => None,
            WantedVersion::Number(version) => Some(version),
            WantedVersion::Previous => {
                let (answer, token) = self.call(&ApiRequest::get(path.clone())).await?;
                let newest = answer.number_at(&["data", "metadata", "version"]);
                match (answer.status, newest) {
                    // The newest may be deleted.
                    (200 | 404, Some(newest)) if newest >= 2 => Some(newest - 1),
                    (200 | 404, Some(_)) => return Err(self.no_secret(&request.path)),
                    (200, None) => return Err(self.server.http.unexpected()),
                    _ => return Err(self.why_not(request, &mount, &answer, &token).await),
                }
            }
        };
        if let Some(version) = version {
            path.push_str(&format!("?version={version}"));
        }
        let asked_at = Instant::now();
        let asked = match mount.engine {
            Engine::Kv1 | Engine::Kv2 => ApiRequest::get(path),
            // A second one would make a second lease, and nobody would know of the first.
            Engine::Other => ApiRequest::get_once(path),
        };
        let (answer, token) = self.call(&asked).await?;
        if answer.status != 200 {
            return Err(self.why_not(request, &mount, &answer, &token).await);
        }
        let fetched = match mount.engine {
            Engine::Kv2 => self.kv2(&answer),
            Engine::Kv1 => self.kv1(&answer),
            Engine::Other => self.leased(&answer, &token, asked_at).await,
        };
        fetched.map(|fetched| fetched.with_name(request.path.clone()))
    }

    fn kv1(&self, answer: &VaultAnswer) -> Result<Fetched, Error> {
        let data = answer.at(&["data"]).filter(|data| data.form == Form::Object);
        let data = data.ok_or_else(|| self.server.http.unexpected())?;
        Ok(Fetched::json(data.value))
    }

    fn kv2(&self, answer: &VaultAnswer) -> Result<Fetched, Error> {
        let data = answer.at(&["data", "data"]).filter(|data| data.form == Form::Object);
        let version = answer.number_at(&["data", "metadata", "version"]);
        let (Some(data), Some(version)) = (data, version) else {
            return Err(self.server.http.unexpected());
        };
        let fetched = Fetched::json(data.value).with_version(version.to_string());
        let end = answer.text_at(&["data", "metadata", "deletion_time"]);
        Ok(match end.as_deref().and_then(parse_time) {
            Some(end) => {
                fetched.with_expiry(end.duration_since(SystemTime::now()).unwrap_or_default())
            }
            None => fetched,
        })
    }

    /// Reads what another engine has made: with a lease, or with a time alone.
    async fn leased(
        &self,
        answer: &VaultAnswer,
        token: &Arc<Token>,
        asked_at: Instant,
    ) -> Result<Fetched, Error> {
        let fetched = self.kv1(answer)?;
        let id = answer.text_at(&["lease_id"]).filter(|id| !id.is_empty());
        let Some(id) = id else {
            return Ok(match answer.number_at(&["data", "ttl"]) {
                Some(seconds) => fetched.with_expiry(Duration::from_secs(seconds)),
                None => fetched,
            });
        };
        let seconds = answer.number_at(&["lease_duration"]).unwrap_or_default();
        self.look_up(token).await;
        let time = token.cap(Duration::from_secs(seconds), asked_at);
        let lease = Lease::new(id, time);
        self.leases.insert(&lease, token, asked_at);
        Ok(fetched.with_lease(match answer.is_true_at(&["renewable"]) {
            true => lease.renewable(),
            false => lease,
        }))
    }

    /// Checks whether a secret is there. What may make a lease is not read: the right to read it counts.
    pub(super) async fn exists(self: &Arc<Self>, request: &VaultRequest) -> Result<bool, Error> {
        let found = |found: Result<(), Error>| match found {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        };
        let mount = match self.mount_of(request).await {
            Ok(mount) => mount,
            Err(error) => return found(Err(error)),
        };
        if mount.engine != Engine::Other {
            return found(self.fetch(request).await.map(drop));
        }
        let mut body = String::with_capacity(longest_json(request.path.len()) + 16);
        body.push_str("{\"paths\":[");
        write_json(&request.path, &mut body);
        body.push_str("]}");
        let asked = ApiRequest::new(
            Method::POST,
            "sys/capabilities-self".to_owned(),
            Some(body.as_bytes()),
        );
        let (answer, token) = self.call(&asked).await?;
        if answer.status != 200 {
            return Err(self.why_not(request, &mount, &answer, &token).await);
        }
        let rights = answer.at(&["data", &request.path]).or_else(|| answer.at(&["capabilities"]));
        let rights = rights.and_then(|rights| json::list(&rights.value).ok()).unwrap_or_default();
        let may_read = |right: &json::Json| {
            matches!(right.value.expose_bytes(), b"read" | b"root" | b"sudo") // not a secret
        };
        match rights.iter().any(may_read) {
            true => Ok(true),
            false => {
                let (path, health) = (&request.path, TokenHealth::Good);
                Err(self.server.denied(path, path, health, true))
            }
        }
    }

    /// Returns why there is no answer with a secret.
    pub(super) async fn why_not(
        &self,
        request: &VaultRequest,
        mount: &EngineMount,
        answer: &VaultAnswer,
        token: &Arc<Token>,
    ) -> Error {
        let path = escape_name(&request.path);
        match answer.status {
            404 if answer.says("namespace not found") => self.server.no_namespace(),
            404 if answer.is_true_at(&["data", "metadata", "destroyed"]) => {
                let message = format!("this version of `{path}` is destroyed");
                Error::new(ErrorKind::Deleted, message)
                    .with_help("it cannot be restored: write a new version, or read another one")
            }
            404 if answer.secret_at(&["data", "metadata", "deletion_time"]).is_some() => {
                let version = answer.number_at(&["data", "metadata", "version"]);
                let version = version.map(|it| format!(" -versions={it}")).unwrap_or_default();
                let message = format!("this version of `{path}` is deleted");
                Error::new(ErrorKind::Deleted, message).with_help(format!(
                    "restore it: bao kv undelete{version} {}",
                    shell_word(&path)
                ))
            }
            404 => match request.version {
                WantedVersion::Number(version) => {
                    let message = format!("{} has no version {version} of `{path}`", self.server);
                    Error::new(ErrorKind::NotFound, message)
                        .with_help("check version_id, and the path")
                }
                _ => self.no_secret(&request.path),
            },
            400 if answer.says("unknown role") => {
                let message = format!("{} has no role `{path}`", self.server);
                Error::new(ErrorKind::NotFound, message)
                    .with_help("check the path, or create the role at its engine")
            }
            403 if request.call.has_listed(mount, token) => {
                // It was good a moment ago.
                let health = match answer.is_bare_denial() {
                    true => TokenHealth::Unknown,
                    false => TokenHealth::Good,
                };
                self.server.denied(&request.path, &mount.api_path(&request.path), health, true)
            }
            403 => {
                let health = self.health(&request.call, answer, token).await;
                self.server.denied(&request.path, &mount.api_path(&request.path), health, false)
            }
            _ => self.server.failed(answer),
        }
    }
}
