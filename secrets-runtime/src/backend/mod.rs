//! The contract of a backend, for writing your own: the trait [`Backend`] and the types that it uses.
//!
//! A backend is a type that implements [`Backend`]: about 30 lines. If it fetches each secret by a call of its own,
//! [`from_fn`] creates one from an async closure. [`Capabilities`] say how the resolver treats it, its [`Identity`]
//! for a request which answers may be shared, and the suite `conformance` (feature `conformance`) checks that it
//! follows the rules. A backend that can be written implements [`Store`] too.

pub(crate) mod capabilities;
pub(crate) mod change;
pub(crate) mod content;
pub(crate) mod fetch_request;
mod from_fn;
pub(crate) mod generation;
pub(crate) mod identity;
pub(crate) mod lease;
pub(crate) mod one_by_one;
pub(crate) mod owned_request;
pub(crate) mod payload;
pub(crate) mod probe;
pub(crate) mod registration;
pub(crate) mod store;
#[cfg(test)]
mod store_tests;

use std::{
    any::Any,
    fmt::{Debug, Display},
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use crate::{
    backend::content::{Content, MountOrigin},
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
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
    lease::Lease,
    one_by_one::one_by_one,
    owned_request::OwnedRequest,
    payload::Payload,
    probe::Probe,
    store::Store,
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
/// All requests of a step to one backend come in one call, which returns one answer for each, in order. A missing
/// answer is reported as [`ErrorKind::Unavailable`], and so is a panic. `Display` writes where the backend looks, for
/// error messages; neither it nor `Debug` shows a value.
///
/// Return [`ErrorKind::NotFound`] only if there is certainly no such secret: a chain of backends then asks the next
/// one, and stops at every other kind.
///
/// The future is polled by the steps that wait for it, under any executor or none; steps that wait for one answer take
/// turns. A backend whose future needs tokio's reactor or timer says so ([`Capabilities::needs_tokio`]); only the I/O
/// thread of this library polls it then. `SECRETS_TIMEOUT` cannot interrupt a poll: if a future blocks its thread, the
/// step waits.
///
/// A backend that is registered in place of a built-in type has all its rights: nothing depends on the name of
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
    /// The type of the backend: the `type` of a source, or the part before its first dot if the type is built in. It
    /// never changes.
    fn kind(&self) -> &str;

    /// The abilities and needs of the backend. They never change.
    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
    }

    /// Returns the key of this request: requests with equal identities share one answer, also a cached one.
    ///
    /// By default two identities are equal if the whole requests are, with all options.
    ///
    /// It is called for each request of a step that does not use the result of its last call, and should be cheap.
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
    /// By default it fetches them, and revokes the leases of the fetched values. Override it if the backend can answer
    /// without reading a value.
    fn exists<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<bool, Error>>> {
        Box::pin(async move {
            let mut found = Vec::with_capacity(requests.len());
            for answer in self.fetch(requests).await {
                if let Ok(Fetched { lease: Some(lease), .. }) = &answer {
                    // The lease ends by itself if this fails: the answer is right in any case.
                    let _ = self.revoke(lease).await;
                }
                found.push(match answer {
                    Ok(_) => Ok(true),
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                    Err(error) => Err(error),
                });
            }
            found
        })
    }

    /// Checks whether the backend can serve requests, and returns as whom it knows this process. Tools such as
    /// `secrets doctor` call it; steps do not.
    ///
    /// By default it asks [`exists`](Self::exists) for a secret that is not there, which finds out whether the backend
    /// answers. See [`Probe`] for a backend that can say more.
    fn probe(&self) -> BoxFuture<'_, Probe> {
        Box::pin(Probe::by_exists(self))
    }

    /// Returns where the backend looks for this request, for messages. By default it is the text that `Display`
    /// writes. A backend that looks in several places, such as regions, names the place for this request.
    fn location(&self, _request: &FetchRequest<'_>) -> String {
        self.to_string()
    }

    /// Renews a lease that this backend has returned, and returns it with its new time, which replaces the old one.
    ///
    /// It is called at two thirds of the time while a step uses the value. A lease has one renewal at a time, and none
    /// once it is revoked. An error that is [transient](Error::is_transient) is tried again until the lease ends. With
    /// [`ErrorKind::NotSupported`], which the provided method returns, the lease counts as not renewable. Any other
    /// error means that the lease has ended: no further step uses its value.
    fn renew<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<Lease, Error>> {
        let message = format!("{self} cannot renew the lease `{}`", escape_name(lease.id()));
        let error = Error::new(ErrorKind::NotSupported, message);
        Box::pin(std::future::ready(Err(error.with_help("fetch the secret again"))))
    }

    /// Revokes a lease before it expires. The provided method does nothing.
    ///
    /// It is called when neither a step nor the cache needs the value any more. It is called again only after
    /// an error that is [transient](Error::is_transient).
    fn revoke<'a>(&'a self, _lease: &'a Lease) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Revokes anything that the backend itself holds at its server, such as the token of a login. The provided method
    /// does nothing.
    ///
    /// [`Resolver::shutdown`](crate::Resolver::shutdown) calls it after all leases are revoked. Later requests may still
    /// come.
    fn shutdown(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Blocking version of [`fetch`](Self::fetch): parks this thread, and polls the future on it. Call a backend that
    /// needs tokio ([`Capabilities::needs_tokio`]) in tokio's context.
    fn fetch_blocking(&self, requests: &[FetchRequest<'_>]) -> Vec<Result<Fetched, Error>> {
        block_on(self.fetch(requests))
    }

    /// Blocking version of [`exists`](Self::exists): parks this thread, like [`fetch_blocking`](Self::fetch_blocking).
    fn exists_blocking(&self, requests: &[FetchRequest<'_>]) -> Vec<Result<bool, Error>> {
        block_on(self.exists(requests))
    }

    /// Blocking version of [`probe`](Self::probe): parks this thread, as [`fetch_blocking`](Self::fetch_blocking) does.
    fn probe_blocking(&self) -> Probe {
        block_on(self.probe())
    }

    /// Blocking version of [`renew`](Self::renew): parks this thread, like [`fetch_blocking`](Self::fetch_blocking).
    ///
    /// # Errors
    /// The errors of [`renew`](Self::renew).
    fn renew_blocking(&self, lease: &Lease) -> Result<Lease, Error> {
        block_on(self.renew(lease))
    }

    /// Blocking version of [`revoke`](Self::revoke): parks this thread, like [`fetch_blocking`](Self::fetch_blocking).
    ///
    /// # Errors
    /// The errors of [`revoke`](Self::revoke).
    fn revoke_blocking(&self, lease: &Lease) -> Result<(), Error> {
        block_on(self.revoke(lease))
    }

    /// Returns the parts of a backend that combines several places, in the order in which they are asked; empty for
    /// all others.
    ///
    /// Steps ask the parts as the links of a chain, each with its own capabilities and identities, and never this
    /// backend itself. Use it if some places are cached and others are read at every step. Each part has the kind of
    /// the whole, and is the same [`Arc`] every time. The last part's [`ErrorKind::NotFound`] counts for all of them.
    /// Code that calls a method of this backend directly asks the whole backend.
    fn parts(&self) -> Vec<Arc<dyn Backend>> {
        Vec::new()
    }

    /// The backend as a store, if it can be written.
    fn as_store(&self) -> Option<&dyn Store> {
        None
    }
}

/// The answer of a backend: the payload, and what the backend knows about it.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub(crate) content: Content,
    pub(crate) version: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) identities: Vec<Identity>,
    /// Further ids by which the secret may be written. They are no identities, since each may mean another secret too.
    pub(crate) write_ids: Vec<String>,
    pub(crate) mount: Option<MountOrigin>,
    /// How long the value is valid, counted from when the request was sent.
    pub(crate) expiry: Option<Duration>,
    pub(crate) lease: Option<Lease>,
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

    /// Creates an answer that is bytes: one field, which is standard base64 in a variable.
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

    /// Sets the secret's own name. The field of a plain value has this name.
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

    /// Adds another identity: while this answer is cached, requests with this identity get it too
    /// ([`Backend::identity`]). For a secret that has several ids, such as a name and a path.
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

    /// Sets that the value ends after this time, counted from when the request was sent. It is not used after its end,
    /// even while its backend is down. With zero, only the steps that wait for the value get it, and it is not cached.
    ///
    /// ```
    /// use std::time::Duration;
    /// use secrets_runtime::Fetched;
    ///
    /// let token = Fetched::text("x").with_expiry(Duration::from_secs(900));
    /// assert_eq!(token.expiry(), Some(Duration::from_secs(900)));
    /// ```
    #[must_use]
    pub fn with_expiry(self, expiry: Duration) -> Self {
        Self { expiry: Some(expiry), ..self }
    }

    /// Sets the lease of the value. The resolver renews it ([`Backend::renew`]) while a step uses the value, and
    /// revokes it ([`Backend::revoke`]) when the value is not needed any more.
    ///
    /// ```
    /// use std::time::Duration;
    /// use secrets_runtime::{Fetched, backend::Lease};
    ///
    /// let lease = Lease::new("database/creds/app/7f3a", Duration::from_secs(3600)).renewable();
    /// let fetched = Fetched::json(r#"{"username": "v-app-1"}"#).with_lease(lease.clone());
    /// assert_eq!(fetched.lease(), Some(&lease));
    /// ```
    #[must_use]
    pub fn with_lease(self, lease: Lease) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// How long the value is valid, if the backend has said so.
    #[must_use]
    pub fn expiry(&self) -> Option<Duration> {
        self.expiry
    }

    /// The lease, if the value has one.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Sets that the platform has mounted this secret. The content has every byte that was mounted.
    pub(crate) fn mounted(self) -> Self {
        Self { mount: Some(MountOrigin::default()), ..self }
    }

    /// Sets that the platform has mounted this secret as this file.
    pub(crate) fn mounted_at(self, path: PathBuf) -> Self {
        Self { mount: Some(MountOrigin { path: Some(path) }), ..self }
    }

    fn of(content: Content) -> Self {
        Self {
            content,
            version: None,
            name: None,
            identities: Vec::new(),
            write_ids: Vec::new(),
            mount: None,
            expiry: None,
            lease: None,
        }
    }
}
