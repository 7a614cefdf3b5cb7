//! Backends that can be written.

use std::ops::ControlFlow;

use crate::{
    backend::{
        BoxFuture,
        change::{SecretChange, check_distinct, exists_already, has_changed, is_gone},
        payload::Payload,
    },
    core::{
        error::{Error, ErrorKind},
        escape,
    },
    rt::block_on::block_on,
};

/// A backend that can be written.
///
/// If this process writes through [`Resolver::store`](crate::Resolver::store), its next step reads the new value. This
/// also applies to writes to a built-in store by other ways. With your own store, steps read the new value when the
/// cached one has expired, or after [`Resolver::refresh`](crate::Resolver::refresh).
///
/// [`put`](Self::put) and [`delete`](Self::delete) do not check the current version. To write a change that depends on
/// the current content, use [`update`](Self::update), which refuses a change of an old version, or
/// [`StoredSecret::update`](crate::admin::StoredSecret::update), which reads the secret again in that case.
pub trait Store: Send + Sync {
    /// Creates or overwrites a secret and returns its new version.
    fn put<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>>;

    /// Creates a secret and returns its version.
    ///
    /// By default it asks for the [`version`](Self::version) and then puts, which is not one step: if two callers
    /// create a secret at the same time, both may succeed. Override it if the store can do it in one step.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] if there is a secret with this id, and the errors of [`put`](Self::put).
    fn create<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        Box::pin(async move {
            if self.version(id).await?.is_some() {
                return Err(exists_already(id));
            }
            self.put(id, payload).await
        })
    }

    /// Makes changes, each with the version that its secret must have. Returns the new version of each secret, in the
    /// order of the changes; `None` for a deleted one.
    ///
    /// [`Local`](crate::backends::Local) makes all changes or none, in one step: other programs do not see a part of
    /// it, and changes at the same time are not lost.
    ///
    /// The default method compares all versions first, and changes nothing unless all are right. Then it makes one
    /// change after another. That is not one step: writes of another program in between may be overwritten, and if a
    /// change fails, the changes before it stay, as the error says. The default method cannot rename. Override it if
    /// the store can do all of this in one step.
    ///
    /// ```
    /// use secrets_runtime::{Error, ErrorKind, Payload, Store, backend::SecretChange, backends::Local};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let folder = folder.path();
    /// let local = Local::new(folder.join("store"), folder.join("keys/key.jwk"));
    /// let first = local.create_blocking("token", Payload::Text("x".into()))?;
    /// let change = |value: &str| SecretChange::Replace {
    ///     id: "token".to_owned(),
    ///     version: first.clone(),
    ///     payload: Payload::Text(value.into()),
    /// };
    /// local.update_blocking(vec![change("y")])?;
    /// // The secret has another version now.
    /// let error = local.update_blocking(vec![change("z")]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Conflict);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if a secret has another version than its change expects, [`ErrorKind::NotFound`] if it
    /// does not exist, [`ErrorKind::InvalidName`] if a secret to create exists or if two changes have one secret,
    /// [`ErrorKind::NotSupported`] for a change that the store cannot make; and the errors of [`put`](Self::put) and
    /// [`delete`](Self::delete).
    fn update(
        &self,
        changes: Vec<SecretChange>,
    ) -> BoxFuture<'_, Result<Vec<Option<String>>, Error>> {
        Box::pin(one_after_another(self, changes))
    }

    /// Deletes a secret and returns whether it existed.
    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>>;

    /// Returns the ids of all secrets, sorted.
    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>>;

    /// Passes the ids of all secrets to `each`, one after another, until it breaks: for a store with so many secrets
    /// that a reader does not wait for all. Override it if the backend can pass each id as soon as it is known.
    ///
    /// The order is the backend's own, sorted or not. A secret that exists all the time is passed once; a secret that
    /// is created or deleted meanwhile may be passed or not. The ids that were passed before an error are right.
    ///
    /// `each` is called where the future is polled, and may block it.
    ///
    /// By default it calls [`Store::list`], and so passes them sorted and all at the end.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use secrets_runtime::{Error, Store};
    ///
    /// /// Returns the first id with this ending.
    /// async fn find(store: &dyn Store, ending: &str) -> Result<Option<String>, Error> {
    ///     let mut found = None;
    ///     let mut each = |id: String| {
    ///         if !id.ends_with(ending) {
    ///             return ControlFlow::Continue(());
    ///         }
    ///         found = Some(id);
    ///         ControlFlow::Break(())
    ///     };
    ///     store.list_each(&mut each).await?;
    ///     Ok(found)
    /// }
    /// ```
    ///
    /// # Errors
    /// The errors of [`Store::list`].
    fn list_each<'a>(
        &'a self,
        each: &'a mut (dyn FnMut(String) -> ControlFlow<()> + Send),
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            // A break is not a failure: there is nothing left to do.
            let _ = self.list().await?.into_iter().try_for_each(each);
            Ok(())
        })
    }

    /// Returns the versions of a secret, the newest first.
    fn versions<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>>;

    /// Returns the current version of a secret; `None` if it does not exist. By default it is the first of the
    /// [`versions`](Self::versions).
    ///
    /// # Errors
    /// The errors of [`versions`](Self::versions), except [`ErrorKind::NotFound`].
    fn version<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<String>, Error>> {
        Box::pin(async move {
            match self.versions(id).await {
                Ok(versions) => Ok(versions.into_iter().next()),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    /// Blocking version of [`put`](Self::put): parks this thread, and polls the future on it. If the backend needs
    /// tokio, use [`Resolver::store`](crate::Resolver::store), which has a thread for it.
    ///
    /// ```
    /// use secrets_runtime::{Error, Payload, Store, backends::Local};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let folder = folder.path();
    /// let local = Local::new(folder.join("store"), folder.join("keys/key.jwk"));
    /// local.put_blocking("db", Payload::Text("x".into()))?;
    /// assert_eq!(local.list_blocking()?, ["db"]);
    /// assert_eq!(local.versions_blocking("db")?.len(), 1);
    /// assert!(local.delete_blocking("db")?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The errors of [`put`](Self::put).
    fn put_blocking(&self, id: &str, payload: Payload) -> Result<String, Error> {
        block_on(self.put(id, payload))
    }

    /// Blocking version of [`create`](Self::create): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// The errors of [`create`](Self::create).
    fn create_blocking(&self, id: &str, payload: Payload) -> Result<String, Error> {
        block_on(self.create(id, payload))
    }

    /// Blocking version of [`update`](Self::update): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// The errors of [`update`](Self::update).
    fn update_blocking(&self, changes: Vec<SecretChange>) -> Result<Vec<Option<String>>, Error> {
        block_on(self.update(changes))
    }

    /// Blocking version of [`delete`](Self::delete): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// The errors of [`delete`](Self::delete).
    fn delete_blocking(&self, id: &str) -> Result<bool, Error> {
        block_on(self.delete(id))
    }

    /// Blocking version of [`list`](Self::list): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// The errors of [`list`](Self::list).
    fn list_blocking(&self) -> Result<Vec<String>, Error> {
        block_on(self.list())
    }

    /// Blocking version of [`list_each`](Self::list_each): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// The errors of [`list`](Self::list).
    fn list_each_blocking(
        &self,
        each: &mut (dyn FnMut(String) -> ControlFlow<()> + Send),
    ) -> Result<(), Error> {
        block_on(self.list_each(each))
    }

    /// Blocking version of [`versions`](Self::versions): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// The errors of [`versions`](Self::versions).
    fn versions_blocking(&self, id: &str) -> Result<Vec<String>, Error> {
        block_on(self.versions(id))
    }

    /// Blocking version of [`version`](Self::version): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// The errors of [`version`](Self::version).
    fn version_blocking(&self, id: &str) -> Result<Option<String>, Error> {
        block_on(self.version(id))
    }
}

/// The default method of [`Store::update`].
async fn one_after_another<S: Store + ?Sized>(
    store: &S,
    changes: Vec<SecretChange>,
) -> Result<Vec<Option<String>>, Error> {
    check_distinct(&changes)?;
    let mut errors = Vec::new();
    // A single secret to create is checked by `create`, which may do so in one step.
    let is_one = matches!(changes.as_slice(), [SecretChange::Create { .. }]);
    for change in changes.iter().filter(|_| !is_one) {
        let checked = check_change(store, change).await;
        errors.extend(checked.err().map(|error| error.about(change.id(), None)));
    }
    if let Some(error) = Error::join(errors) {
        return Err(error);
    }
    let (mut versions, mut done) = (Vec::new(), Vec::new());
    for change in changes {
        let name = format!("`{}`", escape::escape_name(change.id()));
        let is_kept = matches!(change, SecretChange::Keep { .. });
        match make_change(store, change).await {
            Ok(version) => versions.push(version),
            Err(error) if done.is_empty() => return Err(error),
            Err(error) => {
                return Err(error.append(&format!("; changed before that: {}", done.join(", "))));
            }
        }
        if !is_kept {
            done.push(name);
        }
    }
    Ok(versions)
}

async fn check_change<S: Store + ?Sized>(store: &S, change: &SecretChange) -> Result<(), Error> {
    match (change, change.expected_version()) {
        (SecretChange::Rename { .. }, _) => {
            Err(Error::new(ErrorKind::NotSupported, "this store cannot rename a secret")
                .with_help("create it with the new name, and delete it then"))
        }
        (SecretChange::Create { id, .. }, _) => match store.version(id).await? {
            Some(_) => Err(exists_already(id)),
            None => Ok(()),
        },
        (change, Some(expected)) => match store.version(change.id()).await? {
            Some(version) if version == expected => Ok(()),
            Some(_) => Err(has_changed(change.id())),
            None => Err(is_gone(change.id())),
        },
        (_, None) => Ok(()),
    }
}

async fn make_change<S: Store + ?Sized>(
    store: &S,
    change: SecretChange,
) -> Result<Option<String>, Error> {
    match change {
        SecretChange::Create { id, payload } => store.create(&id, payload).await.map(Some),
        SecretChange::Replace { id, payload, .. } => store.put(&id, payload).await.map(Some),
        SecretChange::Keep { version, .. } => Ok(Some(version)),
        SecretChange::Delete { id, .. } => match store.delete(&id).await? {
            true => Ok(None),
            false => Err(is_gone(&id)),
        },
        // A renaming was refused above.
        SecretChange::Rename { id, .. } => Err(is_gone(&id)),
    }
}
