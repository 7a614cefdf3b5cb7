use std::sync::Arc;

use secrets_spec::Options;

use crate::backend::fetch_request::FetchRequest;

/// A request that borrows nothing: the closure of [`from_fn`](crate::backend::from_fn) gets one.
///
/// ```
/// use secrets_runtime::{FetchRequest, backend::OwnedRequest};
///
/// let request = OwnedRequest::from(&FetchRequest::named("db").with_region("eu-west-1"));
/// assert_eq!((request.id(), request.key()), ("db", None));
/// assert_eq!(request.as_request().region(), Some("eu-west-1"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedRequest {
    pub(crate) id: Arc<str>,
    pub(crate) key: Option<String>,
    pub(crate) group_version: Option<String>,
    /// The variable in which a platform may pass the value.
    pub(crate) env_var: Option<String>,
    pub(crate) role: Option<Arc<str>>,
    pub(crate) options: Options,
    /// The part of the backend that is asked, if it consists of several.
    pub(crate) part: usize,
    /// Whether an earlier answer must not be used.
    pub(crate) is_refresh: bool,
}

impl OwnedRequest {
    /// The secret's id; in a request for a key, the group, which may be empty.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key; `None` for a source, which is the whole secret.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns the request with borrowed texts.
    #[must_use]
    pub fn as_request(&self) -> FetchRequest<'_> {
        let request = FetchRequest::new(&self.id, &self.options)
            .with_role(self.role.as_deref())
            .with_group_version(self.group_version.as_deref())
            .with_env_var(self.env_var.as_deref())
            .with_refresh(self.is_refresh);
        match &self.key {
            Some(key) => request.with_key(key),
            None => request,
        }
    }
}

impl From<&FetchRequest<'_>> for OwnedRequest {
    fn from(request: &FetchRequest<'_>) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut options = request.options().clone();
        options.region = owned(request.region());
        options.version_id = owned(request.version_id());
        options.version_stage = owned(request.version_stage());
        Self {
            id: request.id().into(),
            key: owned(request.key()),
            group_version: owned(request.group_version()),
            env_var: owned(request.env_var()),
            role: request.role().map(Arc::from),
            options,
            part: 0,
            is_refresh: request.is_refresh(),
        }
    }
}
