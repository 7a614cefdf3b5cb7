#[cfg(feature = "aws")]
use std::any::Any;

#[cfg(feature = "aws")]
use secrets_runtime::backends::AwsSecretsManager;
use secrets_runtime::{Backend, Error};

/// What the command does with AWS Secrets Manager besides reading, writing and listing.
pub trait SecretsManager {
    /// Sets a tag of a secret that exists.
    fn set_tag(&self, name: &str, key: &str, value: &str) -> Result<(), Error>;

    /// Returns the tags of a secret, sorted by key.
    fn tags(&self, name: &str) -> Result<Vec<(String, String)>, Error>;

    /// Explains how long a deleted secret can be restored, and how.
    fn recovery_note(&self, name: &str) -> String;

    /// Returns the error that refuses to rename a secret.
    fn rename_error(&self, old: &str, new: &str) -> Error;
}

/// Returns the backend as AWS Secrets Manager, if it is. Without the feature `aws` no backend is.
#[cfg_attr(not(feature = "aws"), expect(unused_variables, reason = "no backend is"))]
pub fn secrets_manager(backend: &dyn Backend) -> Option<&dyn SecretsManager> {
    #[cfg(feature = "aws")]
    return {
        let any: &dyn Any = backend;
        any.downcast_ref::<AwsSecretsManager>().map(|manager| manager as &dyn SecretsManager)
    };
    #[cfg(not(feature = "aws"))]
    None
}
