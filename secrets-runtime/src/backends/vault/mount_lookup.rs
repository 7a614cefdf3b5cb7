//! Finds out which engine a path belongs to.

use std::sync::Arc;

use crate::{
    backends::vault::{
        client::VaultClient,
        mounts::{Engine, EngineMount},
        request::VaultRequest,
        server::{ApiRequest, encoded},
    },
    core::error::{Error, ErrorKind},
};

impl VaultClient {
    /// Returns the mount of a request. If the server lists it now, its call knows that, and for which token.
    pub(super) async fn mount_of(
        self: &Arc<Self>,
        request: &VaultRequest,
    ) -> Result<EngineMount, Error> {
        if let Some(engine) = request.said_engine() {
            let path = format!("{}/", request.first_segment());
            return Ok(EngineMount { path, engine });
        }
        if let Some(mount) = self.mounts.find(&request.path) {
            return Ok(mount);
        }
        let segment = request.first_segment();
        if let Some(error) = request.call.failure(segment) {
            return Err(error);
        }
        let path = format!("sys/internal/ui/mounts/{}", encoded(&request.path));
        let (answer, token) = match self.call(&ApiRequest::get(path)).await {
            Ok(answered) => answered,
            Err(error) => {
                // A refused login is that of all; a server that was slow or away may answer another time.
                let may_pass = matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable);
                request.call.fail(may_pass.then_some(segment), &error);
                return Err(error);
            }
        };
        match answer.status {
            200 => {
                let kind = answer.text_at(&["data", "type"]);
                let version = answer.text_at(&["data", "options", "version"]);
                let (Some(path), Some(kind)) = (answer.text_at(&["data", "path"]), kind) else {
                    return Err(self.server.http.unexpected());
                };
                let mount = EngineMount { path, engine: Engine::of(&kind, version.as_deref()) };
                if !request.path.starts_with(mount.path.as_str()) {
                    return Err(self.server.http.unexpected());
                }
                request.call.record_mount(&mount, token);
                self.mounts.add(mount.clone());
                Ok(mount)
            }
            403 => {
                let health = self.health(&request.call, &answer, &token).await;
                Err(self.server.denied(&request.path, &request.path, health, false))
            }
            404 if answer.says("namespace not found") => Err(self.server.no_namespace()),
            404 => Err(self.no_secret(&request.path)),
            status => {
                let error = self.server.failed(&answer);
                match status {
                    429 | 501 | 503 => request.call.fail(None, &error),
                    500.. => request.call.fail(Some(segment), &error),
                    _ => {}
                }
                Err(error)
            }
        }
    }
}
