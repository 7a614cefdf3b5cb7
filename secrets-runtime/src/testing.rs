//! For tests of steps: the test supplies the secrets, and nothing is fetched.

use std::sync::Arc;

use crate::{
    context::{Barrier, Scoped, test_secrets::TestSecrets},
    core::secret_value::SecretValue,
    resolver::{assemble::context_of_test_secrets, run_dir_of_settings},
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
    let _inside =
        Barrier::enter(&context_of_test_secrets(None, given(secrets), run_dir_of_settings()));
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
    context_of_test_secrets(None, given(secrets), run_dir_of_settings()).scope(test)
}

fn given(
    secrets: impl IntoIterator<Item = (impl Into<String>, impl Into<String>, impl Into<SecretValue>)>,
) -> Arc<TestSecrets> {
    let mut test_secrets = TestSecrets::default();
    for (group, key, value) in secrets {
        test_secrets.add(group.into(), key.into(), value.into());
    }
    Arc::new(test_secrets)
}
