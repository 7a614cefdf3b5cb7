//! The contract of a backend, for those who write one: the trait [`Backend`] and the types that it uses.
//!
//! A backend is a type that implements [`Backend`]: about 30 lines. Where each secret is fetched by a call of its
//! own, [`from_fn`] makes one of an async closure. [`Capabilities`] say how the resolver treats it, its
//! [`Identity`] for a request which answers may be shared, and the suite `conformance` (feature `conformance`)
//! checks that it keeps the rules. One that can be written implements [`Store`] too.
//!
//! Long because: the two traits with their defaults and blocking methods, and the answer types, are one contract,
//! documented in full.

pub(crate) mod capabilities;
pub(crate) mod change;
pub(crate) mod fetch_request;
mod from_fn;
pub(crate) mod generation;
pub(crate) mod identity;
pub(crate) mod owned_request;
pub(crate) mod payload;
pub(crate) mod registration;
#[cfg(test)]
mod store_tests;

use std::{
    any::Any,
    fmt::{Debug, Display},
    ops::ControlFlow,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
};

use crate::{
    backend::change::{check_distinct, exists_already, has_changed, is_gone},
    core::{
        error::{Error, ErrorKind},
        escape,
        secret_value::SecretValue,
    },
    rt::block_on::block_on,
};

pub use crate::backend::{
    capabilities::Capabilities,
    change::SecretChange,
    fetch_request::FetchRequest,
    from_fn::{FromFn, from_fn},
    identity::Identity,
    owned_request::OwnedRequest,
    payload::Payload,
};

#[cfg(feature = "tokio")]
pub use crate::rt::io_thread::on_io_thread;

/// The boxed future that the methods of a backend return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The longest value, in bytes: AWS Secrets Manager's own limit
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>).
pub const MAX_VALUE_BYTES: usize = 65_536;

/// A place where secrets are stored.
///
/// Requests come many at once: all those of a step for one backend in one call, which returns one answer for each,
/// in the same order. An answer that is missing is reported as [`ErrorKind::Unavailable`], and so is a panic.
/// `Display` says where the backend looks, for error messages; neither it nor `Debug` shows a value.
///
/// A request fails with [`ErrorKind::NotFound`] only if the backend has answered that there is no such secret: a
/// chain of backends then asks the next one, and stops at every other kind.
///
/// The future is polled by the steps that wait for it, under any executor or none; steps that wait for one answer
/// take turns. A backend whose future needs tokio's reactor or timer says so
/// ([`Capabilities::needs_tokio`]); only the I/O thread of this library polls it then. `SECRETS_TIMEOUT` ends a
/// wait, not a thread: a future that blocks the thread inside of a poll is waited for.
///
/// A backend that is registered in the place of a built-in type has all its rights: nothing depends on the name of
/// a backend or on its Rust type. For tools that know a backend's type, the trait requires [`Any`]: a
/// `&dyn Backend` is also a `&dyn Any`, which has `downcast_ref`.
///
/// ```
/// use std::fmt;
/// use secrets_runtime::{Backend, BoxFuture, Error, ErrorKind, FetchRequest, Fetched};
///
/// #[derive(Debug)]
/// struct Fixed;
///
/// impl fmt::Display for Fixed {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("a table in the program")
///     }
/// }
///
/// impl Backend for Fixed {
///     fn kind(&self) -> &str {
///         "fixed"
///     }
///     fn fetch<'a>(&'a self, requests: &'a [FetchRequest<'a>]) -> BoxFuture<'a, Vec<Result<Fetched, Error>>> {
///         Box::pin(async move {
///             let answer = |request: &FetchRequest<'_>| match request.id() {
///                 "db" => Ok(Fetched::json(r#"{"password": "x"}"#)),
///                 _ => Err(Error::new(ErrorKind::NotFound, "there is no such secret in the table")),
///             };
///             requests.iter().map(answer).collect()
///         })
///     }
/// }
/// ```
pub trait Backend: Any + Debug + Display + Send + Sync + 'static {
    /// The type of the backend: what a source names in `type`, and before its first dot if it is a built-in type. It is always the same.
    fn kind(&self) -> &str;

    /// What the backend can do and what it needs. It is always the same.
    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
    }

    /// Returns what this request has in common with every other one that its answer may serve.
    ///
    /// Two requests whose identities are equal are made once, and an answer that is cached for one is used for the
    /// other. By default they are equal if the whole requests are, with all options.
    ///
    /// It is called for each request of a step that is not served from the last call, and should be cheap.
    fn identity(&self, request: &FetchRequest<'_>) -> Identity {
        Identity::of(request)
    }

    /// Fetches secrets, all at once: one answer for each request, in order.
    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>>;

    /// Checks which secrets exist: one answer for each request, in order.
    ///
    /// By default it fetches them. A backend that can answer without reading a value should.
    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        Box::pin(async move {
            let found = |answer: Result<Fetched, Error>| match answer {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            };
            self.fetch(requests).await.into_iter().map(found).collect()
        })
    }

    /// Blocking version of [`fetch`](Self::fetch): parks this thread, and polls the future on it. A backend that needs
    /// tokio ([`Capabilities::needs_tokio`]) is called in tokio's context only.
    fn fetch_blocking(&self, requests: &[FetchRequest<'_>]) -> Vec<Result<Fetched, Error>> {
        block_on(self.fetch(requests))
    }

    /// Blocking version of [`exists`](Self::exists): parks this thread, as [`fetch_blocking`](Self::fetch_blocking)
    /// does.
    fn exists_blocking(&self, requests: &[FetchRequest<'_>]) -> Vec<Result<bool, Error>> {
        block_on(self.exists(requests))
    }

    /// The backends that this one consists of, in the order in which they are asked; none if it is one by itself.
    ///
    /// Steps ask them as the links of a chain, each with its own capabilities and identities, and never this backend
    /// itself. It is for one that puts places together of which some are cached and some are read at every step.
    /// Each part has the kind of the whole, and is the same [`Arc`] every time. The last one's
    /// [`ErrorKind::NotFound`] speaks for all of them. Who calls a method of this backend directly asks the whole.
    fn parts(&self) -> Vec<Arc<dyn Backend>> {
        Vec::new()
    }

    /// The backend as a store, if it can be written.
    fn as_store(&self) -> Option<&dyn Store> {
        None
    }
}

/// Answers requests one after another, at once: [`Backend::fetch`] and [`Backend::exists`] of a backend that has
/// nothing to wait for.
///
/// ```
/// use secrets_runtime::{BoxFuture, Error, FetchRequest, backend::one_by_one};
///
/// fn exists<'a>(requests: &'a [FetchRequest<'a>]) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
///     one_by_one(requests, |request| Ok(request.id() == "db"))
/// }
/// # let requests = [FetchRequest::named("db"), FetchRequest::named("no")];
/// # let mut future = exists(&requests);
/// # let mut task = std::task::Context::from_waker(std::task::Waker::noop());
/// # let std::task::Poll::Ready(answers) = future.as_mut().poll(&mut task) else { panic!("it waits") };
/// # assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [true, false]);
/// ```
pub fn one_by_one<'a, T: Send + 'a>(
    requests: &'a [FetchRequest<'a>],
    answer: impl FnMut(&'a FetchRequest<'a>) -> Result<T, Error>,
) -> BoxFuture<'a, Vec<Result<T, Error>>> {
    Box::pin(std::future::ready(requests.iter().map(answer).collect()))
}

/// A backend that can be written.
///
/// What this process writes through [`Resolver::store`](crate::Resolver::store) is what its next step reads. What
/// is written to a built-in store in another way too; for your own stores steps then read the new value when the
/// cached one has expired, or after [`Resolver::refresh`](crate::Resolver::refresh).
///
/// [`put`](Self::put) and [`delete`](Self::delete) do not look at the current version. To write a change that depends on
/// what was read, use [`update`](Self::update), which refuses a change of an old version, or
/// [`StoredSecret::update`](crate::admin::StoredSecret::update), which reads the secret again in that case.
pub trait Store: Send + Sync {
    /// Creates or overwrites a secret and returns its new version.
    fn put<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>>;

    /// Creates a secret and returns its version.
    ///
    /// By default it asks for the [`version`](Self::version) and then puts, which is not one step: of two that create
    /// a secret at one moment, both may succeed. A store that can do it in one step should.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`] if there is a secret with this id, and those of [`put`](Self::put).
    fn create<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>> {
        Box::pin(async move {
            if self.version(id).await?.is_some() {
                return Err(exists_already(id));
            }
            self.put(id, payload).await
        })
    }

    /// Carries out changes, each of which states the version that its secret must have. Returns the new version of each
    /// secret, in the order of the changes; `None` for one that was deleted.
    ///
    /// [`Local`](crate::backends::Local) carries out all of them or none, in one step that no other program sees half
    /// of, and of two changes at one moment none is lost.
    ///
    /// The default method compares all versions first, and changes nothing unless all are right. Then it carries out one
    /// change after another. That is not one step: what another program writes in between may be overwritten, and
    /// if a change fails, those before it stay, which the error says. The default method cannot rename. A store that
    /// can do all of this in one step should.
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
    /// [`ErrorKind::Conflict`] if a secret has another version than its change expects, [`ErrorKind::NotFound`] if
    /// it does not exist, [`ErrorKind::InvalidName`] if one that is created exists or if two changes are about one
    /// secret, [`ErrorKind::NotSupported`] for a change that the store cannot make; and those of
    /// [`put`](Self::put) and [`delete`](Self::delete).
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

    /// Passes the ids of all secrets to `each`, one after another, until it breaks: for a store that has more of
    /// them than a reader waits for. A backend that can passes each as soon as it knows it, and keeps few of them.
    ///
    /// The order is the backend's own, sorted or not. A secret that exists all the time is passed once; one that is
    /// created or deleted meanwhile may be passed or not. The ids that were passed before an error are right.
    ///
    /// `each` is called where the future is polled, and may block it.
    ///
    /// By default it calls [`Store::list`], and hence passes them sorted and all at the end.
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
    /// Those of [`Store::list`].
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
    /// Those of [`versions`](Self::versions), but for [`ErrorKind::NotFound`].
    fn version<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<String>, Error>> {
        Box::pin(async move {
            match self.versions(id).await {
                Ok(versions) => Ok(versions.into_iter().next()),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    /// Blocking version of [`put`](Self::put): parks this thread, and polls the future on it. The store of a backend
    /// that needs tokio is called by [`Resolver::store`](crate::Resolver::store), which brings a thread for it.
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
    /// Those of [`put`](Self::put).
    fn put_blocking(&self, id: &str, payload: Payload) -> Result<String, Error> {
        block_on(self.put(id, payload))
    }

    /// Blocking version of [`create`](Self::create): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    fn create_blocking(&self, id: &str, payload: Payload) -> Result<String, Error> {
        block_on(self.create(id, payload))
    }

    /// Blocking version of [`update`](Self::update): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// Those of [`update`](Self::update).
    fn update_blocking(&self, changes: Vec<SecretChange>) -> Result<Vec<Option<String>>, Error> {
        block_on(self.update(changes))
    }

    /// Blocking version of [`delete`](Self::delete): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// Those of [`delete`](Self::delete).
    fn delete_blocking(&self, id: &str) -> Result<bool, Error> {
        block_on(self.delete(id))
    }

    /// Blocking version of [`list`](Self::list): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// Those of [`list`](Self::list).
    fn list_blocking(&self) -> Result<Vec<String>, Error> {
        block_on(self.list())
    }

    /// Blocking version of [`list_each`](Self::list_each): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// Those of [`list`](Self::list).
    fn list_each_blocking(
        &self,
        each: &mut (dyn FnMut(String) -> ControlFlow<()> + Send),
    ) -> Result<(), Error> {
        block_on(self.list_each(each))
    }

    /// Blocking version of [`versions`](Self::versions): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// Those of [`versions`](Self::versions).
    fn versions_blocking(&self, id: &str) -> Result<Vec<String>, Error> {
        block_on(self.versions(id))
    }

    /// Blocking version of [`version`](Self::version): see [`put_blocking`](Self::put_blocking).
    ///
    /// # Errors
    /// Those of [`version`](Self::version).
    fn version_blocking(&self, id: &str) -> Result<Option<String>, Error> {
        block_on(self.version(id))
    }
}

/// The default of [`Store::update`].
async fn one_after_another<S: Store + ?Sized>(
    store: &S,
    changes: Vec<SecretChange>,
) -> Result<Vec<Option<String>>, Error> {
    check_distinct(&changes)?;
    let mut errors = Vec::new();
    // One that creates is checked by `create`, which may do so in one step.
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
        // It was refused before.
        SecretChange::Rename { id, .. } => Err(is_gone(&id)),
    }
}

/// The answer of a backend: the payload, and what the backend knows about it.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub(crate) content: Content,
    pub(crate) version: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) mount: Option<MountedAs>,
}

/// That a platform has mounted the secret, as files or variables: its texts may end with a line break that is not part
/// of the value.
#[derive(Debug, Clone, Default)]
pub(crate) struct MountedAs {
    /// The file, if the secret is one file.
    pub(crate) path: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Text(SecretValue),
    Json(SecretValue),
    Binary(SecretValue),
    Fields(Vec<(String, SecretValue)>),
}

impl Fetched {
    /// Creates an answer that is one plain text, unless the source says `json = true`.
    #[must_use]
    pub fn text(text: impl Into<SecretValue>) -> Self {
        Self::of(Content::Text(text.into()))
    }

    /// Creates an answer that is the text of a JSON object, unless the source says `json = false`.
    #[must_use]
    pub fn json(text: impl Into<SecretValue>) -> Self {
        Self::of(Content::Json(text.into()))
    }

    /// Creates an answer that is bytes: one field, in standard base64 where it becomes a variable.
    #[must_use]
    pub fn binary(bytes: impl Into<SecretValue>) -> Self {
        Self::of(Content::Binary(bytes.into()))
    }

    /// Creates an answer that is a set of fields.
    #[must_use]
    pub fn fields(fields: impl IntoIterator<Item = (String, SecretValue)>) -> Self {
        Self::of(Content::Fields(fields.into_iter().collect()))
    }

    /// Sets the version.
    #[must_use]
    pub fn with_version(self, version: impl Into<String>) -> Self {
        Self { version: Some(version.into()), ..self }
    }

    /// Sets the secret's own name, after which the field of a plain value is named.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The version, if the backend has reported one.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The secret's own name, if the backend has reported one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Adds an identity to that of the request: while this answer is cached, it serves requests with this identity
    /// too ([`Backend::identity`]). For a secret that has several ids, such as a name and a path.
    ///
    /// The backend is responsible for this: a caller that may read the secret by the request must be allowed to read
    /// it by this identity, and get an equal value.
    ///
    /// ```
    /// use secrets_runtime::{FetchRequest, Fetched, Identity};
    ///
    /// let request = FetchRequest::named("current");
    /// let identity = Identity::of(&request);
    /// let fetched = Fetched::text("x").with_identity(identity.clone().with_id("2024-06"));
    /// assert_eq!(fetched.identities().len(), 1);
    /// ```
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.identities.push(identity);
        self
    }

    /// The identities that were added.
    #[must_use]
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// Says that the platform has mounted this secret. The content has every byte that was mounted.
    pub(crate) fn mounted(self) -> Self {
        Self { mount: Some(MountedAs::default()), ..self }
    }

    /// Says that the platform has mounted this secret as this file.
    pub(crate) fn mounted_at(self, path: PathBuf) -> Self {
        Self { mount: Some(MountedAs { path: Some(path) }), ..self }
    }

    fn of(content: Content) -> Self {
        Self { content, version: None, name: None, identities: Vec::new(), mount: None }
    }
}

impl From<Payload> for Fetched {
    fn from(payload: Payload) -> Self {
        match payload {
            Payload::Json(value) => Self::json(value),
            Payload::Text(value) => Self::text(value),
            Payload::Binary(value) => Self::binary(value),
        }
    }
}
