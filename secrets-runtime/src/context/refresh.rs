//! Refresh: secrets that are fetched again while a step runs.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{
    context::{Context, freshness::Freshness, resolved::ResolvedSecrets, secrets::Secrets, stack},
    core::error::Error,
    rt::block_on::block_on,
};

/// A future whose output is a `Result`, as the closure of [`Secrets::with_fresh`] returns it.
pub trait Attempt: Future<Output = Result<Self::Value, Self::Error>> {
    /// The value of the `Result`.
    type Value;
    /// The error of the `Result`.
    type Error;
}

impl<F: Future<Output = Result<V, E>>, V, E> Attempt for F {
    type Value = V;
    type Error = E;
}

impl Secrets {
    /// Fetches a group again, even if the cache has it, and returns the step's secrets with its new values.
    ///
    /// `self` does not change, and neither does `current_context()`. Steps that start from now on read the
    /// new values. In `testing::with_secrets` there is nothing to fetch, and the result equals `self`.
    ///
    /// ```
    /// # use secrets_runtime::{Error, current_context, secrets, testing};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// #[secrets(sources = ["db"])]
    /// async fn serve() -> Result<(), Error> {
    ///     let mut secrets = current_context().secrets;
    ///     // Somebody has said that the password was changed:
    ///     secrets = secrets.refresh("db").await?;
    ///     secrets.get("db", "password").map(drop)
    /// }
    /// # runtime.block_on(testing::with_secrets_async([("db", "password", "x")], serve()))?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotRequested`](crate::ErrorKind::NotRequested) if the step did not declare the group, and
    /// every error of the fetch. A cached value is never returned in place of an error.
    pub async fn refresh(&self, group: &str) -> Result<Self, Error> {
        let shared = self.shared();
        if shared.group(group).is_none() {
            return Err(self.why_not(group, ""));
        }
        let group = shared.name_of(group);
        match &shared.refresher {
            Some(refresher) => {
                let fresh = refresher.refresh(Some(group), Freshness::FromNowOn).await?;
                Ok(self.with_group(group, fresh))
            }
            None => Ok(self.clone()),
        }
    }

    /// Blocking version of [`refresh`](Self::refresh): parks this thread until the fetch is done. It works
    /// inside and outside any runtime.
    ///
    /// # Errors
    /// As [`Secrets::refresh`].
    pub fn refresh_blocking(&self, group: &str) -> Result<Self, Error> {
        block_on(self.refresh(group))
    }

    /// Calls `work` with a secret, and once more with its new version if the secret has changed since it was
    /// fetched.
    ///
    /// `work` gets the group as [`Secrets::get_as`] reads it. If it fails with an error for which
    /// `is_auth_error` returns `true`, the secret is fetched again, once:
    ///
    /// - If there is another version (or other values, where the backend has no versions), `work` is called
    ///   again with it, and that second result is returned. `current_context()` has the new values during the
    ///   second call if it had the old ones during the first.
    /// - Otherwise the original error is returned.
    ///
    /// Steps that fail together share one fetch: any fetch that was started after this step's values were
    /// fetched counts as new.
    ///
    /// ```
    /// use secrets_runtime::{Error, SecretValue, current_context, secrets, testing};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Db { user: String, password: SecretValue }
    ///
    /// #[derive(Debug)]
    /// enum Failure { Refused, Secrets(Error) }
    /// # impl From<Error> for Failure { fn from(error: Error) -> Self { Self::Secrets(error) } }
    /// # async fn connect(db: &Db) -> Result<usize, Failure> { Ok(db.user.len()) }
    ///
    /// #[secrets(sources = ["prod-db"])]
    /// async fn load() -> Result<usize, Failure> {
    ///     let secrets = current_context().secrets;
    ///     let is_auth_error = |error: &Failure| matches!(error, Failure::Refused);
    ///     secrets.with_fresh::<Db, _>("prod-db", |db| async move { connect(&db).await }, is_auth_error).await
    /// }
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # let given = [("prod-db", "user", "app"), ("prod-db", "password", "x")];
    /// # assert_eq!(runtime.block_on(testing::with_secrets_async(given, load())).unwrap(), 3);
    /// ```
    ///
    /// # Errors
    /// The errors of `work`, and the errors of [`Secrets::get_as`], converted by `From<Error>`.
    pub async fn with_fresh<T, F>(
        &self,
        group: &str,
        mut work: impl FnMut(T) -> F,
        is_auth_error: impl FnOnce(&F::Error) -> bool,
    ) -> Result<F::Value, F::Error>
    where
        T: DeserializeOwned,
        F: Attempt,
        F::Error: From<Error>,
    {
        let error = match work(self.get_as(group)?).await {
            Err(error) if is_auth_error(&error) => error,
            other => return other,
        };
        let Some(fresh) = self.newer(group).await else { return Err(error) };
        let value = fresh.get_as(group)?;
        if stack::with_current(|current| Arc::ptr_eq(&current.0, &self.0)) != Some(true) {
            return work(value).await;
        }
        let context = Context::new(fresh);
        let work = {
            let _inside = context.enter();
            work(value)
        };
        context.scope(work).await
    }

    /// Blocking version of [`with_fresh`](Self::with_fresh): `work` is a plain function, and this thread is
    /// parked during the fetch.
    ///
    /// ```
    /// # use secrets_runtime::{Error, current_context, secrets, testing};
    /// #[secrets(sources = ["token"])]
    /// fn send() -> Result<usize, Error> {
    ///     let call = |token: String| Ok(token.len());
    ///     current_context().secrets.with_fresh_blocking("token", call, |_: &Error| false)
    /// }
    /// # assert_eq!(testing::with_secrets([("token", "token", "four")], send)?, 4);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Secrets::with_fresh`].
    pub fn with_fresh_blocking<T, R, E>(
        &self,
        group: &str,
        mut work: impl FnMut(T) -> Result<R, E>,
        is_auth_error: impl FnOnce(&E) -> bool,
    ) -> Result<R, E>
    where
        T: DeserializeOwned,
        E: From<Error>,
    {
        let error = match work(self.get_as(group)?) {
            Err(error) if is_auth_error(&error) => error,
            other => return other,
        };
        let Some(fresh) = block_on(self.newer(group)) else { return Err(error) };
        let value = fresh.get_as(group)?;
        let is_current = stack::with_current(|current| Arc::ptr_eq(&current.0, &self.0));
        let context = Context::new(fresh);
        let _inside = (is_current == Some(true)).then(|| context.enter());
        work(value)
    }

    /// Returns the step's secrets with another version of the group, if there is one by now.
    async fn newer(&self, group: &str) -> Option<Self> {
        let group = self.shared().name_of(group);
        let fresh = self.shared().newer(Some(group)).await?;
        Some(self.with_group(group, fresh))
    }

    /// Returns the step's secrets with the group of `others`.
    fn with_group(&self, group: &str, others: ResolvedSecrets) -> Self {
        self.with_resolved(Arc::new(self.shared().with_group(group, others)))
    }
}
