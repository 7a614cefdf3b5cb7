//! For tests of steps: the test supplies the secrets, and nothing is fetched.

use crate::{
    cache::forbid_backends,
    context::{Barrier, Scoped},
    core::secret_value::SecretValue,
    resolver::{Resolver, test_table::secrets::TestSecrets},
};

/// Calls `test` with these secrets: every step that is called inside resolves from them, whatever its
/// backend.
///
/// Each secret is a group, a key and a value. `current_context()` and `get_secret` work in the closure itself
/// too. The secrets exist on this thread and during this call only, so tests can run in parallel. A future
/// that `test` returns, and a task that it spawns, resolve as in production. For a future use
/// [`with_secrets_async`], for a spawned task [`Context::scope`](crate::Context::scope).
///
/// ```
/// use secrets_runtime::{Error, current_context, secrets, testing};
///
/// #[secrets(sources = ["aws-secrets-manager.db"])]
/// fn user() -> Result<String, Error> {
///     Ok(current_context().secrets.get("db", "user")?.expose_str()?.to_owned())
/// }
///
/// let user = testing::with_secrets([("db", "user", "app"), ("db", "password", "x")], user)?;
/// assert_eq!(user, "app");
/// # Ok::<(), Error>(())
/// ```
pub fn with_secrets<R>(
    secrets: impl IntoIterator<Item = (impl Into<String>, impl Into<String>, impl Into<SecretValue>)>,
    test: impl FnOnce() -> R,
) -> R {
    let _inside = Barrier::enter(&given(secrets).context_of_test());
    test()
}

/// Wraps a future so that these secrets exist whenever it is polled, as [`with_secrets`] does for a closure.
///
/// ```
/// # use secrets_runtime::{Error, current_context, secrets, testing};
/// #[secrets(sources = ["db"])]
/// async fn user() -> Result<String, Error> {
///     Ok(current_context().secrets.get("db", "user")?.expose_str()?.to_owned())
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let user = testing::with_secrets_async([("db", "user", "app")], user()).await?;
/// assert_eq!(user, "app");
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
pub fn with_secrets_async<F: Future>(
    secrets: impl IntoIterator<Item = (impl Into<String>, impl Into<String>, impl Into<SecretValue>)>,
    test: F,
) -> Scoped<F> {
    given(secrets).context_of_test().scope(test)
}

/// Forbids every backend in this process, from now on: whatever would ask one fails instead, with an error that names
/// the step and says how to supply its secrets. A test that forgot its secrets then reaches no real store by accident.
///
/// [`with_secrets`] and [`with_secrets_async`] go on working, as they ask no backend. All backends are forbidden, those
/// that read the environment and your own too. What is cached already still serves, so call it before the first step. A
/// program that calls the methods of a backend by itself reaches it.
///
/// ```standalone_crate
/// use secrets_runtime::{Error, ErrorKind, current_context, secrets, testing};
///
/// #[secrets(sources = ["db"])]
/// fn load() -> Result<String, Error> {
///     Ok(current_context().secrets.get("db", "user")?.expose_str()?.to_owned())
/// }
///
/// testing::forbid_backends();
/// let error = load().unwrap_err();
/// assert_eq!((error.kind(), error.step()), (ErrorKind::NotSupported, Some("load")));
/// assert_eq!(testing::with_secrets([("db", "user", "app")], load)?, "app");
/// # Ok::<(), Error>(())
/// ```
pub fn forbid_backends() {
    forbid_backends::forbid_backends();
}

fn given(
    secrets: impl IntoIterator<Item = (impl Into<String>, impl Into<String>, impl Into<SecretValue>)>,
) -> Resolver {
    let mut test_secrets = TestSecrets::default();
    for (group, key, value) in secrets {
        test_secrets.add(group.into(), key.into(), value.into());
    }
    Resolver::of_test(test_secrets)
}
