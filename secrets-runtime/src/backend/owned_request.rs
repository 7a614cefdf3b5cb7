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
        Self {
            id: request.id().into(),
            key: owned(request.key()),
            group_version: owned(request.group_version()),
            env_var: owned(request.env_var()),
            role: request.role().map(Arc::from),
            options: request.selected_options(),
            part: 0,
            is_refresh: request.is_refresh(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_and_a_version_are_those_of_the_request_before_those_of_its_options() {
        let mut options = Options::default();
        options.region = Some("us-east-1".to_owned());
        options.version_id = Some("1".to_owned());
        options.version_stage = Some("AWSPREVIOUS".to_owned());
        options.json = Some(false);
        let of_options = FetchRequest::new("db", &options);
        let cases = [
            (of_options, [Some("us-east-1"), Some("1"), Some("AWSPREVIOUS")]),
            (
                of_options.with_region("eu-west-1"),
                [Some("eu-west-1"), Some("1"), Some("AWSPREVIOUS")],
            ),
            (of_options.with_region(None), [None, Some("1"), Some("AWSPREVIOUS")]),
            (
                of_options.with_version_id(None).with_version_stage("v2"),
                [Some("us-east-1"), None, Some("v2")],
            ),
            (of_options.with_group_version(Some("v3")), [Some("us-east-1"), Some("1"), Some("v3")]),
        ];
        for (request, expected) in cases {
            let owned = OwnedRequest::from(&request);
            assert_eq!(owned.options.json, Some(false));
            for request in [request, owned.as_request()] {
                let selected = [request.region(), request.version_id(), request.version_stage()];
                assert_eq!(selected, expected);
            }
        }
    }

    #[test]
    fn the_current_stage_selects_something_only_beside_an_id() {
        let stage = |request: FetchRequest<'static>| request.stage_unless_current();
        let db = FetchRequest::named("db");
        assert_eq!(stage(db.with_version_stage("AWSCURRENT")), None);
        assert_eq!(
            stage(db.with_version_stage("AWSCURRENT").with_version_id("1")),
            Some("AWSCURRENT")
        );
        assert_eq!(stage(db.with_version_stage("AWSPENDING")), Some("AWSPENDING"));
    }
}
