//! AWS Secrets Manager, for what it does beyond reading, writing and listing.

use std::{any::Any, thread, time::Duration};

use pollster::block_on;
use secrets_runtime::{AwsSecretsManager, Backend, Error, ErrorKind, FetchRequest, Options};

/// How long AWS may take when it is only looked whether it answers.
const LOOK: Duration = Duration::from_secs(3);

/// A backend that is AWS Secrets Manager.
#[derive(Clone, Copy)]
pub struct Manager<'a>(&'a AwsSecretsManager);

impl<'a> Manager<'a> {
    /// The same backend, if it is this one.
    pub fn of(backend: &'a dyn Backend) -> Option<Self> {
        let any: &dyn Any = backend;
        any.downcast_ref().map(Self)
    }

    /// Sets a tag of a secret that is there.
    pub fn tag(self, name: &str, key: &str, value: &str) -> Result<(), Error> {
        block_on(self.0.tag(name, key, value)).map_err(|error| self.about(name, error))
    }

    /// The tags of a secret, sorted by key.
    pub fn tags(self, name: &str) -> Result<Vec<(String, String)>, Error> {
        block_on(self.0.tags(name)).map_err(|error| self.about(name, error))
    }

    /// What becomes of a secret that is deleted.
    pub fn after_deletion(self, name: &str) -> String {
        let days = AwsSecretsManager::RECOVERY_DAYS;
        format!(
            "it is gone in {days} days; until then: aws secretsmanager restore-secret --secret-id {name}"
        )
    }

    /// Why a secret keeps its name.
    pub fn no_rename(self, old: &str, new: &str) -> Error {
        let message = "AWS Secrets Manager cannot rename a secret; a copy would have another ARN, and neither the versions, the tags, the policy nor the rotation of this one";
        let help = format!(
            "register `{new}`, let its readers ask for that (or map `{old}` to it in secrets.toml), then delete `{old}`"
        );
        self.about(old, Error::new(ErrorKind::NotSupported, message).with_help(help))
    }

    /// Who the process is to AWS and in which region, and why Secrets Manager does not answer it, if it does not;
    /// within seconds.
    ///
    /// That it may not look at a secret which nobody has is no trouble: policies name those that are there.
    pub fn look(self, probe: &str) -> (Option<String>, Option<Error>) {
        let quick = self.0.clone().with_timeouts(LOOK, LOOK).with_max_attempts(1);
        let options = Options::default();
        let requests = [FetchRequest::new(probe, &options)];
        let (caller, answer) = thread::scope(|scope| {
            let caller = scope.spawn(|| block_on(quick.caller()));
            let answer = block_on(quick.exists(&requests)).pop();
            // Without an answer the caller is not known.
            (caller.join().ok().and_then(Result::ok), answer)
        });
        let trouble = match answer {
            Some(Err(error)) if error.kind() == ErrorKind::AccessDenied && caller.is_some() => None,
            Some(Err(error)) => Some(self.about("", error)),
            Some(Ok(_)) | None => None,
        };
        // A private network may have a way to Secrets Manager and none to STS.
        (caller.map(|(arn, region)| format!("{arn} in {region}")), trouble)
    }

    fn about(self, name: &str, error: Error) -> Error {
        error.about(name, Some(self.0.kind()))
    }
}
