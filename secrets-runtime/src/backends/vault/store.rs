//! Writes secrets of KV.

use crate::{
    backend::{
        BoxFuture,
        change::{SecretChange, check_distinct, exists_already, has_changed, is_gone},
        payload::Payload,
        store::Store,
    },
    backends::{
        bounded_tasks::run_bounded,
        vault::{
            AT_ONCE, Vault,
            mounts::{Engine, EngineMount},
            request::VaultRequest,
            written_secret::WrittenSecret,
        },
    },
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
    },
    rt::io_thread::on_io_thread,
};

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
            let mut folders: Vec<(EngineMount, String)> =
                mounts.into_iter().map(|mount| (mount, String::new())).collect();
            let mut found = Vec::new();
            // Level by level, all folders of one at once.
            while !folders.is_empty() {
                let client = self.client()?;
                let walk = move |(mount, folder): (EngineMount, String)| {
                    let client = client.clone();
                    async move {
                        let names = client.names_in(&mount, &folder).await?;
                        Ok((mount, folder, names))
                    }
                };
                let mut below = Vec::new();
                for listed in run_bounded(folders, AT_ONCE, walk).await {
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
