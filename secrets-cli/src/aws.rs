//! What the command does with AWS besides reading, writing and listing.

use std::{any::Any, thread, time::Duration};

use secrets_runtime::{
    Backend, Error, ErrorKind, FetchRequest, Options,
    backends::{AwsSecretsManager, ParameterStore},
};

/// How long `doctor` waits for AWS.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// A backend that is AWS Secrets Manager.
#[derive(Clone, Copy)]
pub struct SecretsManager<'a>(&'a AwsSecretsManager);

impl<'a> SecretsManager<'a> {
    /// Returns the backend as this one, if it is AWS Secrets Manager.
    pub fn from_backend(backend: &'a dyn Backend) -> Option<Self> {
        let any: &dyn Any = backend;
        any.downcast_ref().map(Self)
    }

    /// Sets a tag of a secret that exists.
    pub fn set_tag(self, name: &str, key: &str, value: &str) -> Result<(), Error> {
        self.0.tag_blocking(name, key, value).map_err(|error| self.about(name, error))
    }

    /// Returns the tags of a secret, sorted by key.
    pub fn tags(self, name: &str) -> Result<Vec<(String, String)>, Error> {
        self.0.tags_blocking(name).map_err(|error| self.about(name, error))
    }

    /// Explains how long a deleted secret can be restored, and how.
    pub fn recovery_note(self, name: &str) -> String {
        let days = AwsSecretsManager::RECOVERY_DAYS;
        format!(
            "it is removed after {days} days; until then, restore it with: aws secretsmanager restore-secret --secret-id {name}"
        )
    }

    /// Returns the error that refuses to rename a secret.
    pub fn rename_error(self, old: &str, new: &str) -> Error {
        let message = "AWS Secrets Manager cannot rename a secret; a copy would have another ARN, and would not have the versions, tags, policy and rotation of this one";
        let help = format!(
            "register `{new}`, let its readers use that name (or map `{old}` to it in secrets.toml), then delete `{old}`"
        );
        self.about(old, Error::new(ErrorKind::NotSupported, message).with_help(help))
    }

    fn about(self, name: &str, error: Error) -> Error {
        error.about(name, Some(self.0.kind()))
    }
}

/// Asks AWS who the caller is and in which region, and whether a service answers; takes a few seconds at most. Returns
/// the caller, if it is known, and why the service does not answer, if it does not. `None` if the backend is not one of
/// AWS.
///
/// A refusal to read the probed secret, which does not exist, is not an error: policies often permit the existing secrets
/// only.
pub fn probe(backend: &dyn Backend, name: &str) -> Option<(Option<String>, Option<Error>)> {
    let any: &dyn Any = backend;
    if let Some(manager) = any.downcast_ref::<AwsSecretsManager>() {
        let manager =
            manager.clone().with_timeouts(PROBE_TIMEOUT, PROBE_TIMEOUT).with_max_attempts(1);
        return Some(probe_by(&manager, name, || manager.caller_blocking()));
    }
    let store = any.downcast_ref::<ParameterStore>()?;
    let store = store.clone().with_timeouts(PROBE_TIMEOUT, PROBE_TIMEOUT).with_max_attempts(1);
    Some(probe_by(&store, name, || store.caller_blocking()))
}

fn probe_by(
    backend: &dyn Backend,
    name: &str,
    caller: impl FnOnce() -> Result<(String, String), Error> + Send,
) -> (Option<String>, Option<Error>) {
    let options = Options::default();
    let requests = [FetchRequest::new(name, &options)];
    let (caller, answer) = thread::scope(|scope| {
        let caller = scope.spawn(caller);
        let answer = backend.exists_blocking(&requests).pop();
        // A private network may have a route to the service and none to STS: then the caller is unknown.
        (caller.join().ok().and_then(Result::ok), answer)
    });
    let error = match answer {
        Some(Err(error)) if error.kind() == ErrorKind::AccessDenied && caller.is_some() => None,
        Some(Err(error)) => Some(error.about("", Some(backend.kind()))),
        Some(Ok(_)) | None => None,
    };
    (caller.map(|(arn, region)| format!("{arn} in {region}")), error)
}
