use std::{fmt, ops::ControlFlow, sync::Arc};

use crate::{
    backend::{
        Backend, BoxFuture, Store, change::SecretChange, generation::WriteGuard, payload::Payload,
    },
    cache::prohibition::forbidden,
    core::error::{Error, ErrorKind},
    resolver::Resolver,
};

/// The store of a resolver's backend: see [`Resolver::store`].
#[derive(Clone)]
pub struct ResolverStore(Arc<dyn Backend>);

impl Resolver {
    /// Returns the store of the backend of this type. After a write through it, the next step of this process
    /// reads the new value and not a cached one.
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
    /// Those of [`Resolver::backend`], and [`ErrorKind::NotSupported`] if the backend cannot be written.
    pub fn store(&self, kind: &str) -> Result<ResolverStore, Error> {
        let backend = self.backend(kind)?;
        if backend.as_store().is_none() {
            let message = format!("{backend} can be read, but neither listed nor written");
            let error = Error::new(ErrorKind::NotSupported, message);
            return Err(error.with_help("use a backend that is a store, such as `local`"));
        }
        Ok(ResolverStore(backend))
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
        if self.0.capabilities().is_tokio_needed() {
            let (this, id) = (self.clone(), id.to_owned());
            let work = async move { call(this.store()?, &id).await };
            return Box::pin(async move { crate::rt::io_thread::on_io_thread(work).await? });
        }
        match self.store() {
            Ok(store) => call(store, id),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn store(&self) -> Result<&dyn Store, Error> {
        if let Some(error) = forbidden(&*self.0) {
            return Err(error);
        }
        let gone = || Error::new(ErrorKind::NotSupported, "the backend is no longer a store");
        self.0.as_store().ok_or_else(gone)
    }
}

impl Store for ResolverStore {
    fn put<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        let writing = WriteGuard::to(self.0.kind(), id);
        let put = self.call(id, |store, id| store.put(id, payload));
        Box::pin(async move {
            let _writing = writing;
            put.await
        })
    }

    fn create<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        let writing = WriteGuard::to(self.0.kind(), id);
        let create = self.call(id, |store, id| store.create(id, payload));
        Box::pin(async move {
            let _writing = writing;
            create.await
        })
    }

    fn update(
        &self,
        changes: Vec<SecretChange>,
    ) -> BoxFuture<'_, Result<Vec<Option<String>>, Error>> {
        let ids = changes.iter().flat_map(SecretChange::ids);
        let writing: Vec<_> = ids.map(|id| WriteGuard::to(self.0.kind(), id)).collect();
        let update = self.call("", |store, _| store.update(changes));
        Box::pin(async move {
            let _writing = writing;
            update.await
        })
    }

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>> {
        let writing = WriteGuard::to(self.0.kind(), id);
        let delete = self.call(id, |store, id| store.delete(id));
        Box::pin(async move {
            let _writing = writing;
            delete.await
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
            if self.0.capabilities().is_tokio_needed() {
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
        f.debug_tuple("ResolverStore").field(&self.0).finish()
    }
}
