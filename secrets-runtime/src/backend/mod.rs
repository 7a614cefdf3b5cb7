//! What a backend is, for those who write one: the [`Backend`] trait and the words it uses.

pub(crate) mod fetch_request;
pub(crate) mod generation;
pub(crate) mod owned_request;

use std::{
    any::Any,
    fmt::{Debug, Display},
    ops::ControlFlow,
    pin::Pin,
};

use crate::core::{
    error::{Error, ErrorKind},
    secret_value::SecretValue,
};

pub use crate::backend::fetch_request::FetchRequest;

#[cfg(feature = "tokio")]
pub use crate::rt::io_thread::on_io_thread;

/// A boxed future, as every method of a backend gives one.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The longest value, in bytes: AWS Secrets Manager's own limit
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>).
pub const MAX_VALUE_BYTES: usize = 65_536;

/// Where secrets are kept.
///
/// Many at once is the primitive: a step's requests for one backend come in one call, and the answers are
/// given in the same order, one for each. A missing answer is reported as `Unavailable`, and so is a panic.
/// `Display` says where the backend looks, for error messages; neither it nor `Debug` shows a value.
///
/// It is [`Any`], so that a tool finds out what more a backend can do than these methods: a `&dyn Backend` goes
/// where a `&dyn Any` is wanted, to be `downcast_ref`.
///
/// A failing request is [`ErrorKind::NotFound`] only if the backend has answered that there is no such
/// secret: a chain of backends then asks the next one, and stops at every other kind.
///
/// A future is polled where a step waits for it, under any executor or none; steps that wait for one answer take
/// turns, whatever they run under. One that needs tokio's reactor is wrapped in `on_io_thread` (feature
/// `tokio`). `SECRETS_TIMEOUT` ends a wait, not a thread: one that blocks inside of a poll is waited for.
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
    /// Its type: what a source names before its first dot, or in `type`.
    fn kind(&self) -> &str;

    /// Fetches the secrets, all at once: one answer per request, in order.
    fn fetch<'a>(
        &'a self,
        requests: &'a [FetchRequest<'a>],
    ) -> BoxFuture<'a, Vec<Result<Fetched, Error>>>;

    /// Tells which of the secrets exist: one answer per request, in order. By fetching them, unless the
    /// backend can tell without reading a value.
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

    /// Whether what it gives may serve later steps for a while (`SECRETS_CACHE_TTL`), and steps that ask at
    /// the same time wait for one request. Otherwise it is asked at every step, which is for what is read from
    /// the process or the machine itself.
    fn is_cached(&self) -> bool {
        true
    }

    /// The same backend to write with, if it can be written.
    fn as_store(&self) -> Option<&dyn Store> {
        None
    }
}

/// A backend that can be written.
///
/// What this process writes to a built-in one is what its next step reads. Of one of your own, steps read the new
/// value when the one that is kept has expired, or after [`Resolver::refresh`](crate::Resolver::refresh).
pub trait Store: Send + Sync {
    /// Writes a secret, new or anew; gives its version.
    fn put<'a>(&'a self, id: &'a str, payload: Payload) -> BoxFuture<'a, Result<String, Error>>;

    /// Deletes a secret; gives whether there was one.
    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, Error>>;

    /// The ids of all secrets, sorted.
    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, Error>>;

    /// Gives the ids of all secrets to `each`, one after another, until it breaks: for a store with more of them
    /// than a reader waits for. A backend that can gives each as soon as it knows it, and holds few of them.
    ///
    /// The order is the backend's own, sorted or not. What is there all the time is given once; what is written
    /// or deleted meanwhile may be given or not. What comes before an error is good.
    ///
    /// `each` is called where the future is polled, and what it waits for is waited for there.
    ///
    /// By [`Store::list`], and hence sorted and all at the end, unless the backend does better.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use secrets_runtime::{Error, Store};
    ///
    /// /// The first id that ends so.
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
    /// What [`Store::list`] fails with.
    fn list_each<'a>(
        &'a self,
        each: &'a mut (dyn FnMut(String) -> ControlFlow<()> + Send),
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            // Nothing is left to do once it breaks.
            let _ = self.list().await?.into_iter().try_for_each(each);
            Ok(())
        })
    }

    /// The versions of a secret, the newest first.
    fn versions<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>>;
}

/// What a secret consists of.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Payload {
    /// The text of a JSON object: a set of fields.
    Json(SecretValue),
    /// One plain text.
    Text(SecretValue),
    /// Bytes.
    Binary(SecretValue),
}

impl Payload {
    /// The value itself.
    #[must_use]
    pub fn value(&self) -> &SecretValue {
        match self {
            Self::Json(value) | Self::Text(value) | Self::Binary(value) => value,
        }
    }
}

/// What a backend gives back: the payload, and what it knows of it.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub(crate) content: Content,
    pub(crate) version: Option<String>,
    pub(crate) name: Option<String>,
    /// Other ids of the same secret, its ARN among them.
    pub(crate) ids: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Text(SecretValue),
    Json(SecretValue),
    Binary(SecretValue),
    Fields(Vec<(String, SecretValue)>),
}

impl Fetched {
    /// One plain text, unless the source says `json = true`.
    #[must_use]
    pub fn text(text: impl Into<SecretValue>) -> Self {
        Self::of(Content::Text(text.into()))
    }

    /// The text of a JSON object, unless the source says `json = false`.
    #[must_use]
    pub fn json(text: impl Into<SecretValue>) -> Self {
        Self::of(Content::Json(text.into()))
    }

    /// Bytes: one field, standard base64 where it becomes a variable.
    #[must_use]
    pub fn binary(bytes: impl Into<SecretValue>) -> Self {
        Self::of(Content::Binary(bytes.into()))
    }

    /// A set of fields.
    #[must_use]
    pub fn fields(fields: impl IntoIterator<Item = (String, SecretValue)>) -> Self {
        Self::of(Content::Fields(fields.into_iter().collect()))
    }

    /// The same with the version it has.
    #[must_use]
    pub fn with_version(self, version: impl Into<String>) -> Self {
        Self { version: Some(version.into()), ..self }
    }

    /// The same with the secret's own name, after which the field of a plain value is named.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The version, if the backend told it.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The secret's own name, if the backend told it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The same with other ids that the secret is known by.
    #[cfg(feature = "aws")]
    pub(crate) fn with_ids(self, ids: Vec<String>) -> Self {
        Self { ids, ..self }
    }

    fn of(content: Content) -> Self {
        Self { content, version: None, name: None, ids: Vec::new() }
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
