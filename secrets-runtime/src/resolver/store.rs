use std::{fmt, ops::ControlFlow, sync::Arc};

use crate::{
    audit::{event::AuditEventKind, trail::AuditTrail},
    backend::{
        Backend, BoxFuture, change::SecretChange, fetch_request::FetchRequest,
        generation::WriteGuard, identity::Identity, payload::Payload, store::Store,
    },
    cache::forbid_backends::forbidden,
    core::{
        error::{Error, ErrorKind},
        escape::{backquoted_list, escape_name},
    },
    resolver::Resolver,
};

/// The store of a resolver's backend: see [`Resolver::store`].
#[derive(Clone)]
pub struct ResolverStore {
    backend: Arc<dyn Backend>,
    audit: Option<Arc<AuditTrail>>,
}

impl Resolver {
    /// Returns the store of the backend of this type. After a write with it, the next step of this process reads the
    /// new value and not a cached one. The audit log records writes and deletions.
    ///
    /// ```
    /// use secrets_runtime::{Error, Payload, Resolver, Store, backends::Local};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let folder = folder.path();
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let local = Local::new(folder.join("store"), folder.join("keys/key.jwk"));
    /// let resolver = Resolver::builder().backend(local).build()?;
    /// let store = resolver.store("local")?;
    /// store.put("db", Payload::Text("x".into())).await?;
    /// assert_eq!(store.list().await?, ["db"]);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The errors of [`Resolver::backend`], and [`ErrorKind::NotSupported`] if the backend cannot be written.
    pub fn store(&self, kind: &str) -> Result<ResolverStore, Error> {
        let backend = self.backend(kind)?;
        if backend.as_store().is_none() {
            let message = format!("{backend} can be read, but neither listed nor written");
            let stores = self.backends().filter(|backend| backend.as_store().is_some());
            let stores = backquoted_list(stores.map(|store| store.kind()));
            let error = Error::new(ErrorKind::NotSupported, message);
            return Err(error.with_help(format!("use a backend that can be written: {stores}")));
        }
        Ok(ResolverStore { backend, audit: self.0.audit.clone() })
    }
}

impl ResolverStore {
    /// Calls the store, on the I/O thread if the backend needs tokio.
    fn call<'a, T: Send + 'static>(
        &'a self,
        id: &'a str,
        call: impl for<'b> FnOnce(&'b dyn Store, &'b str) -> BoxFuture<'b, Result<T, Error>>
        + Send
        + 'static,
    ) -> BoxFuture<'a, Result<T, Error>> {
        #[cfg(feature = "tokio")]
        if self.backend.capabilities().is_tokio_needed() {
            let (this, id) = (self.clone(), id.to_owned());
            let work = async move { call(this.store()?, &id).await };
            return Box::pin(async move { crate::rt::io_thread::on_io_thread(work).await? });
        }
        match self.store() {
            Ok(store) => call(store, id),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    /// Calls the store like [`call`](Self::call), unless the audit log is required and it is already known that the
    /// change cannot be recorded.
    fn change<'a, T: Send + 'static>(
        &'a self,
        id: &'a str,
        call: impl for<'b> FnOnce(&'b dyn Store, &'b str) -> BoxFuture<'b, Result<T, Error>>
        + Send
        + 'static,
    ) -> BoxFuture<'a, Result<T, Error>> {
        match self.audit.as_ref().map_or(Ok(()), |audit| audit.check_required()) {
            Ok(()) => self.call(id, call),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    /// Returns what notes a write: by the id of the secret, and by the id with which its backend identifies a request.
    fn write_guards(&self, id: &str) -> Vec<WriteGuard> {
        let identity = Identity::by(&*self.backend, &FetchRequest::named(id));
        let identified = Some(identity.id()).filter(|known| *known != id);
        let guard = |id| WriteGuard::to(self.backend.kind(), id);
        std::iter::once(id).chain(identified).map(guard).collect()
    }

    fn pending(&self, event: AuditEventKind, id: &str) -> PendingChanges<'_> {
        PendingChanges { store: self, events: vec![(event, id.to_owned())] }
    }

    fn store(&self) -> Result<&dyn Store, Error> {
        if let Some(error) = forbidden(&*self.backend) {
            return Err(error);
        }
        let gone = || Error::new(ErrorKind::NotSupported, "the backend is no longer a store");
        self.backend.as_store().ok_or_else(gone)
    }

    /// Records changes that were made.
    fn record(&self, done: &[(AuditEventKind, String)]) -> Result<(), Error> {
        let Some(audit) = &self.audit else { return Ok(()) };
        done.iter().try_for_each(|(event, id)| {
            let recorded = audit.record_change(*event, self.backend.kind(), id);
            recorded.map_err(|error| {
                error.append(&format!(", and the secret `{}` was {event}", escape_name(id)))
            })
        })
    }
}

/// Changes that are being made, with their events. They are recorded also when this is dropped: a change whose future
/// was dropped may have been made.
struct PendingChanges<'a> {
    store: &'a ResolverStore,
    events: Vec<(AuditEventKind, String)>,
}

impl PendingChanges<'_> {
    /// Records the changes, unless they were certainly not made.
    ///
    /// # Errors
    /// The error of the change, or of recording it.
    fn end<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        let events = std::mem::take(&mut self.events);
        match &result {
            Ok(_) => self.store.record(&events)?,
            Err(error) => {
                let may_be_made = match error.kind() {
                    // The change may have been made, and only the answer was lost.
                    ErrorKind::Timeout | ErrorKind::Unavailable => true,
                    // Of several changes, those before the refused one were made.
                    ErrorKind::AccessDenied | ErrorKind::Throttled | ErrorKind::Other => {
                        events.len() > 1
                    }
                    _ => false,
                };
                if may_be_made {
                    let _ = self.store.record(&events);
                }
            }
        }
        result
    }

    /// Ends without a change, so that there is nothing to record.
    fn forget(mut self) {
        self.events.clear();
    }
}

impl Drop for PendingChanges<'_> {
    fn drop(&mut self) {
        let _ = self.store.record(&self.events);
    }
}

/// Returns the events of a change that was made.
fn events_of(change: &SecretChange) -> Vec<(AuditEventKind, String)> {
    use AuditEventKind::{Deleted, Written};
    match change {
        SecretChange::Create { id, .. } | SecretChange::Replace { id, .. } => {
            vec![(Written, id.clone())]
        }
        SecretChange::Keep { .. } => Vec::new(),
        SecretChange::Delete { id, .. } => vec![(Deleted, id.clone())],
        SecretChange::Rename { id, new_id } => {
            vec![(Written, new_id.clone()), (Deleted, id.clone())]
        }
    }
}

impl Store for ResolverStore {
    fn put<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        let writing = self.write_guards(id);
        let put = self.change(id, |store, id| store.put(id, payload));
        Box::pin(async move {
            let _writing = writing;
            let changes = self.pending(AuditEventKind::Written, id);
            changes.end(put.await)
        })
    }

    fn create<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        let writing = self.write_guards(id);
        let create = self.change(id, |store, id| store.create(id, payload));
        Box::pin(async move {
            let _writing = writing;
            let changes = self.pending(AuditEventKind::Written, id);
            changes.end(create.await)
        })
    }

    fn update(
        &self,
        changes: Vec<SecretChange>,
    ) -> BoxFuture<'_, Result<Vec<Option<String>>, Error>> {
        let ids = changes.iter().flat_map(SecretChange::ids);
        let writing: Vec<_> = ids.flat_map(|id| self.write_guards(id)).collect();
        let events = match self.audit {
            Some(_) => changes.iter().flat_map(events_of).collect(),
            None => Vec::new(),
        };
        let update = self.change("", |store, _| store.update(changes));
        Box::pin(async move {
            let _writing = writing;
            let changes = PendingChanges { store: self, events };
            changes.end(update.await)
        })
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        let writing = self.write_guards(id);
        let delete = self.change(id, |store, id| store.delete(id));
        Box::pin(async move {
            let _writing = writing;
            let changes = self.pending(AuditEventKind::Deleted, id);
            match delete.await {
                Ok(false) => {
                    changes.forget();
                    Ok(false)
                }
                result => changes.end(result),
            }
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        self.call("", |store, _| store.list())
    }

    /// Lists as the store does. If the store needs tokio, all ids are passed at the end.
    fn list_each<'a>(
        &'a self,
        each: &'a mut (dyn FnMut(String) -> ControlFlow<()> + Send),
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if self.backend.capabilities().is_tokio_needed() {
                // `each` cannot move to another thread. A break is not a failure.
                let _ = self.list().await?.into_iter().try_for_each(each);
                return Ok(());
            }
            self.store()?.list_each(each).await
        })
    }

    fn versions<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        self.call(id, |store, id| store.versions(id))
    }

    fn version<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<String>, Error>> {
        self.call(id, |store, id| store.version(id))
    }
}

impl fmt::Debug for ResolverStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResolverStore").field(&self.backend).finish_non_exhaustive()
    }
}
