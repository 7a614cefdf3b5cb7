//! AWS as the command uses it, with the feature `aws`.

use std::{any::Any, thread, time::Duration};

use secrets_runtime::{
    Backend, Error, ErrorKind, FetchRequest, Options,
    backends::{AwsSecretsManager, ParameterStore},
};
use secrets_spec::shell_word;

use crate::secrets_manager::SecretsManager;

/// How long `doctor` waits for AWS.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

impl SecretsManager for AwsSecretsManager {
    fn set_tag(&self, name: &str, key: &str, value: &str) -> Result<(), Error> {
        self.tag_blocking(name, key, value).map_err(|error| about(self, name, error))
    }

    fn tags(&self, name: &str) -> Result<Vec<(String, String)>, Error> {
        self.tags_blocking(name).map_err(|error| about(self, name, error))
    }

    fn recovery_note(&self, name: &str) -> String {
        let days = AwsSecretsManager::RECOVERY_DAYS;
        format!(
            "it is removed after {days} days; until then, restore it with: aws secretsmanager restore-secret --secret-id {}",
            shell_word(name)
        )
    }

    fn rename_error(&self, old: &str, new: &str) -> Error {
        let message = "AWS Secrets Manager cannot rename a secret; a copy would have another ARN, and would not have the versions, tags, policy and rotation of this one";
        let help = format!(
            "register `{new}`, let its readers use that name (or map `{old}` to it in secrets.toml), then delete `{old}`"
        );
        about(self, old, Error::new(ErrorKind::NotSupported, message).with_help(help))
    }
}

fn about(manager: &AwsSecretsManager, name: &str, error: Error) -> Error {
    error.about(name, Some(manager.kind()))
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
