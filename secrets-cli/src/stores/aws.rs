//! AWS as the command uses it, with the feature `aws`.

use secrets_runtime::{Backend, Error, ErrorKind, backends::AwsSecretsManager};
use secrets_spec::shell_word;

use crate::stores::secrets_manager::SecretsManager;

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
