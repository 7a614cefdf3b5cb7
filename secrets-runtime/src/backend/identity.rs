use std::{
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
};

use secrets_spec::Options;

use crate::backend::{Backend, fetch_request::FetchRequest};

/// The key of a request: requests with equal identities get one answer.
///
/// It has three parts: the secret's id, the scope in which it is read (a role, a region, an account), and the selector
/// of one answer of that secret (a key, a version, a way of reading it). The whole identity decides which requests of
/// a step are merged and which cached answer is used; a [refresh](crate::Resolver::refresh) reaches all cached answers
/// with this id, in every scope.
///
/// By default it is the [whole request](Identity::of), so that a request never gets the answer to another one. A
/// backend that does not use everything in a request returns an [identity](crate::Backend::identity) with fewer parts.
///
/// If a secret has several ids, an answer may have [more identities](crate::Fetched::with_identity) than its request:
/// requests with any of them then get it, until one of them has a newer answer.
///
/// ```
/// use secrets_runtime::{FetchRequest, Identity};
///
/// // A vault whose paths do not depend on case.
/// fn identity(request: &FetchRequest<'_>) -> Identity {
///     Identity::new(request.id().to_lowercase())
///         .with_scope([request.region()])
///         .with_selector([request.key(), request.version_id()])
/// }
///
/// let (a, b) = (FetchRequest::named("Prod/DB"), FetchRequest::named("prod/db"));
/// assert_eq!(identity(&a), identity(&b));
/// assert_ne!(identity(&a), identity(&b.with_region("eu-west-1")));
/// assert_ne!(Identity::of(&a), Identity::of(&b));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    id: String,
    scope: Parts,
    selector: Parts,
    /// All options, for a backend that may use each of them.
    options: Option<Box<Options>>,
}

impl Identity {
    /// Creates an identity that is a secret's id alone.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), scope: Parts::default(), selector: Parts::default(), options: None }
    }

    /// Returns the identity of a whole request: two requests with any difference, also in an option for reading the
    /// answer, have different identities.
    #[must_use]
    pub fn of(request: &FetchRequest<'_>) -> Self {
        let options = Some(Box::new(request.options().clone()));
        Self { options, ..Self::without_options(request) }
    }

    /// Returns the identity of a request without its options, except the region and the version: for a backend that
    /// uses no other options.
    #[must_use]
    pub fn without_options(request: &FetchRequest<'_>) -> Self {
        let (id, key) = (request.id(), request.key());
        // A key without a group is the secret's id. The selector distinguishes it from a group of that name.
        let without_group = key.filter(|_| id.is_empty());
        let secret = without_group.unwrap_or(id);
        Self::new(secret).with_scope([request.role(), request.region()]).with_selector([
            without_group.map(|_| ""),
            key,
            request.version_id(),
            request.version_stage(),
            request.group_version(),
            request.env_var(),
        ])
    }

    /// Returns the identity of a request to a backend, or the identity of the whole request if the backend panics.
    pub(crate) fn by(backend: &dyn Backend, request: &FetchRequest<'_>) -> Self {
        let identity = catch_unwind(AssertUnwindSafe(|| backend.identity(request)));
        identity.unwrap_or_else(|_| Self::of(request))
    }

    /// Sets the scope. Two scopes are equal if their parts are equal, in order. `None` at the end counts as a
    /// missing part.
    #[must_use]
    pub fn with_scope<'a>(mut self, parts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        self.scope = parts.into_iter().collect();
        self
    }

    /// Sets the selector of an answer of the secret. Its parts are compared like those of the scope.
    #[must_use]
    pub fn with_selector<'a>(mut self, parts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        self.selector = parts.into_iter().collect();
        self
    }

    /// Returns this identity with another id, for a secret that has several.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// The secret's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Optional texts in one text: each as its length, a colon, and itself; an absent one as a hyphen. Absent ones at the
/// end are left out, so that most identities allocate their ids alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Parts(String);

impl<'a> FromIterator<Option<&'a str>> for Parts {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(parts: I) -> Self {
        let (mut text, mut absent) = (String::new(), 0);
        for part in parts {
            let Some(part) = part else {
                absent += 1;
                continue;
            };
            // In one allocation: a length has at most 20 digits.
            text.reserve(absent + 21 + part.len());
            text.extend(std::iter::repeat_n('-', std::mem::take(&mut absent)));
            // Writing to a text never fails.
            let _ = write!(text, "{}:{part}", part.len());
        }
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change of a request.
    type Change = for<'a> fn(FetchRequest<'a>) -> FetchRequest<'a>;

    #[test]
    fn requests_that_differ_in_anything_differ() {
        let request = FetchRequest::named("k");
        let changes: [Change; 8] = [
            |request| request.with_key("k"),
            |request| request.with_role("arn:aws:iam::123456789012:role/r"),
            |request| request.with_region("k"),
            |request| request.with_version_id("k"),
            |request| request.with_version_stage("k"),
            |request| request.with_group_version(Some("k")),
            |request| request.with_env_var(Some("k")),
            |_| FetchRequest::named("").with_key("k"),
        ];
        let changed: Vec<_> = changes.iter().map(|change| change(request)).collect();
        for make in [Identity::of, Identity::without_options] {
            let mut all: Vec<_> = changed.iter().map(make).collect();
            all.push(make(&request));
            for (place, one) in all.iter().enumerate() {
                assert!(!all[..place].contains(one), "{one:?}");
            }
        }
    }

    #[test]
    fn options_for_reading_count_by_default() {
        let (mut json, mut optional) = (Options::default(), Options::default());
        json.json = Some(true);
        optional.required = Some(false);
        for options in [&json, &optional] {
            let (one, plain) = (FetchRequest::new("db", options), FetchRequest::named("db"));
            assert_ne!(Identity::of(&one), Identity::of(&plain));
            assert_eq!(Identity::without_options(&one), Identity::without_options(&plain));
        }
    }

    #[test]
    fn parts_are_not_run_together() {
        let identity = Identity::new("db");
        let of = |parts: [Option<&str>; 2]| identity.clone().with_scope(parts);
        assert_ne!(of([Some("ab"), None]), of([Some("a"), Some("b")]));
        assert_ne!(of([None, Some("a")]), of([Some("a"), None]));
        assert_ne!(of([Some("-1:a"), None]), of([Some(""), Some("a")]));
        assert_eq!(of([None, None]), identity);
        assert_ne!(identity.clone().with_scope([Some("a")]), identity.with_selector([Some("a")]));
    }
}
