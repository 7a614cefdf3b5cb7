use crate::{
    admin::stored_secret::StoredSecret,
    backend::{Backend, change::SecretChange, payload::Payload, store::Store},
    core::{
        error::{Error, ErrorKind},
        secret_value::SecretValue,
    },
    rt::block_on::block_on,
};

/// How often a secret is read again that others change all the time.
const MAX_ATTEMPTS: usize = 1000;

/// Changing a secret from what it is.
impl StoredSecret {
    /// Reads a secret, changes it with `change`, and writes it. Returns the new version.
    ///
    /// If `change` returns the content that the secret has already, nothing is written: the current version stays, and
    /// so does the one before it.
    ///
    /// If another program writes the secret in between, it is read again, and `change` is called with the new content.
    /// So if two programs each change a field at the same time, both changes are kept, in a store whose
    /// [`Store::update`] is one step, such as [`Local`](crate::backends::Local). `change` should not wait for a
    /// person: ask first, and then update.
    ///
    /// `change` gets [`ErrorKind::NotFound`] in place of a secret that does not exist; it may then return a new one.
    /// Nothing is written if it fails.
    ///
    /// # Errors
    /// Those of `change`, [`ErrorKind::NotSupported`] if the backend cannot be written, [`ErrorKind::Conflict`] if
    /// other programs keep writing the secret, and those of [`read`](Self::read) and of [`Store::update`].
    pub async fn update<E: From<Error>>(
        backend: &dyn Backend,
        id: &str,
        change: impl FnMut(Result<Self, Error>) -> Result<Self, E>,
    ) -> Result<String, E> {
        let store = backend.as_store().ok_or_else(|| {
            let message = format!("{backend} can be read, but not written");
            Error::new(ErrorKind::NotSupported, message).about(id, Some(backend.kind()))
        })?;
        Self::update_through(backend, store, id, change).await
    }

    /// Changes a secret as [`update`](Self::update) does, and writes it through another store of the backend: that of
    /// [`Resolver::store`](crate::Resolver::store) records it in the audit log.
    ///
    /// # Errors
    /// Those of [`update`](Self::update).
    pub async fn update_through<E: From<Error>>(
        backend: &dyn Backend,
        store: &dyn Store,
        id: &str,
        mut change: impl FnMut(Result<Self, Error>) -> Result<Self, E>,
    ) -> Result<String, E> {
        let about = |error: Error| error.about(id, Some(backend.kind()));
        let mut conflict = None;
        for _ in 0..MAX_ATTEMPTS {
            let planned = match read_with_version(backend, store, id).await {
                Ok((current, version)) => {
                    let changed = change(Ok(current.clone()))?;
                    let (id, payload) = (id.to_owned(), changed.checked_payload().map_err(about)?);
                    match changed.has_content_of(&current) {
                        true => SecretChange::Keep { id, version },
                        false => SecretChange::Replace { id, version, payload },
                    }
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let payload = change(Err(error))?.checked_payload().map_err(about)?;
                    SecretChange::Create { id: id.to_owned(), payload }
                }
                Err(error) => return Err(error.into()),
            };
            let is_new = matches!(planned, SecretChange::Create { .. });
            match store.update(vec![planned]).await {
                Ok(versions) => {
                    return Ok(versions.into_iter().flatten().next().unwrap_or_default());
                }
                Err(error) => match error.kind() {
                    // It is another one now, or there is one now, or none.
                    ErrorKind::Conflict => conflict = Some(error),
                    ErrorKind::InvalidName if is_new => conflict = Some(error),
                    ErrorKind::NotFound if !is_new => conflict = Some(error),
                    _ => return Err(about(error).into()),
                },
            }
        }
        let endless = || Error::new(ErrorKind::Conflict, "other programs keep changing the secret");
        Err(about(conflict.unwrap_or_else(endless)).into())
    }

    /// Blocking version of [`update`](Self::update): parks this thread; works inside and outside any runtime.
    ///
    /// ```
    /// use secrets_runtime::{Error, Payload, Store, admin::StoredSecret, backends::Local};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let folder = folder.path();
    /// let local = Local::new(folder.join("store"), folder.join("keys/key.jwk"));
    /// local.put_blocking("db", Payload::Json(r#"{"user": "app"}"#.into()))?;
    /// StoredSecret::update_blocking(&local, "db", |secret| {
    ///     let mut secret = secret?;
    ///     secret.set("password", "x")?;
    ///     Ok::<_, Error>(secret)
    /// })?;
    /// assert_eq!(StoredSecret::read_blocking(&local, "db", None)?.fields().len(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`update`](Self::update).
    pub fn update_blocking<E: From<Error>>(
        backend: &dyn Backend,
        id: &str,
        change: impl FnMut(Result<Self, Error>) -> Result<Self, E>,
    ) -> Result<String, E> {
        block_on(Self::update(backend, id, change))
    }

    /// Blocking version of [`update_through`](Self::update_through): parks this thread; works inside and outside any
    /// runtime.
    ///
    /// # Errors
    /// Those of [`update`](Self::update).
    pub fn update_through_blocking<E: From<Error>>(
        backend: &dyn Backend,
        store: &dyn Store,
        id: &str,
        change: impl FnMut(Result<Self, Error>) -> Result<Self, E>,
    ) -> Result<String, E> {
        block_on(Self::update_through(backend, store, id, change))
    }

    /// Returns whether another secret has the content of this one. The order of fields, and how their JSON is spaced
    /// and escaped, makes no difference.
    #[must_use]
    pub fn has_content_of(&self, other: &Self) -> bool {
        match (self.members(), other.members()) {
            (Some(ours), Some(theirs)) => {
                let is_in = |(key, json): &(String, SecretValue)| {
                    theirs.iter().any(|(other, value)| other == key && value.ct_eq(json))
                };
                ours.len() == theirs.len() && ours.iter().all(is_in)
            }
            (None, None) => {
                let is_binary = |secret: &Self| matches!(secret.payload(), Payload::Binary(_));
                is_binary(self) == is_binary(other)
                    && self.payload().value().ct_eq(other.payload().value())
            }
            _ => false,
        }
    }

    fn checked_payload(&self) -> Result<Payload, Error> {
        self.check()?;
        Ok(self.payload())
    }
}

/// Reads a secret with its version. A backend that reports no version with a value is asked for the version first: if
/// the secret is written in between, the version is an old one, and the change is refused.
async fn read_with_version(
    backend: &dyn Backend,
    store: &dyn Store,
    id: &str,
) -> Result<(StoredSecret, String), Error> {
    let secret = StoredSecret::read(backend, id, None).await?;
    if let Some(version) = secret.version() {
        let version = version.to_owned();
        return Ok((secret, version));
    }
    if let Some(lease) = secret.lease() {
        // This answer is not used, and nobody else knows of its lease, which ends by itself otherwise.
        let _ = backend.revoke(lease).await;
    }
    let version = store.version(id).await?;
    let secret = StoredSecret::read(backend, id, None).await?;
    Ok((secret, version.unwrap_or_default()))
}
