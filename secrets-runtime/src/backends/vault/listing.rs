//! Lists the secrets of KV.

use std::sync::Arc;

use crate::{
    backends::vault::{
        answer::member,
        client::VaultClient,
        failure::TokenHealth,
        mounts::{Engine, EngineMount},
        server::{ApiRequest, encoded},
    },
    core::error::Error,
    payload::json::{self, form::Form},
};

impl VaultClient {
    /// Returns the KV mounts that the token sees.
    pub(super) async fn kv_mounts(self: &Arc<Self>) -> Result<Vec<EngineMount>, Error> {
        let request = ApiRequest::get("sys/internal/ui/mounts".to_owned());
        let (answer, _) = self.call(&request).await?;
        match answer.status {
            200 => {}
            404 if answer.says("namespace not found") => return Err(self.server.no_namespace()),
            403 => {
                let health = TokenHealth::Bad;
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
            (matches!(kind.as_str(), "kv" | "generic")).then_some(EngineMount { path, engine })
        });
        let kv: Vec<EngineMount> = kv.collect();
        kv.iter().for_each(|mount| self.mounts.add(mount.clone()));
        Ok(kv)
    }

    /// Returns the names in a folder of a mount; those of folders end in a slash. One that may not be listed has none.
    pub(super) async fn names_in(
        self: &Arc<Self>,
        mount: &EngineMount,
        folder: &str,
    ) -> Result<Vec<String>, Error> {
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
