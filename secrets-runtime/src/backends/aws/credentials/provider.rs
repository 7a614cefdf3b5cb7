use std::{fmt, time::Duration};

use crate::{backend::BoxFuture, core::error::Error, credentials::AwsCredentials};

/// A secret of another backend that is credentials for AWS: the handle that the resolver gives.
pub(crate) trait CredentialsProvider: fmt::Debug + Send + Sync + 'static {
    /// Fetches them, within this time. An error is never `NotFound`, which would say that AWS does not have the
    /// secret that is wanted of it.
    fn fetch(&self, timeout: Duration) -> BoxFuture<'_, Result<AwsCredentials, Error>>;
}
