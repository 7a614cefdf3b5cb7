use std::fmt;

use secrets_spec::check_region;

use crate::failure::Failure;

/// The ARN of a KMS key, `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`.
#[derive(Debug, Clone)]
pub struct KmsKey(String);

impl KmsKey {
    /// Parses the ARN of a key.
    ///
    /// # Errors
    /// If it is not one. An alias is not one: a policy about an alias permits nothing.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let parts: Vec<&str> = text.split(':').collect();
        let is_id = |id: &str| {
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        match parts.as_slice() {
            ["arn", partition, "kms", region, account, resource]
                if partition.starts_with("aws")
                    && check_region(region).is_none()
                    && account.len() == 12
                    && account.bytes().all(|byte| byte.is_ascii_digit())
                    && resource.strip_prefix("key/").is_some_and(is_id) =>
            {
                Ok(Self(text.to_owned()))
            }
            [.., resource] if resource.starts_with("alias/") => Err(Failure::usage(
                format!(
                    "--kms {text} is the ARN of an alias, about which a policy permits nothing"
                ),
                "name the key: aws kms describe-key --key-id ALIAS --query KeyMetadata.Arn",
            )),
            _ => Err(Failure::usage(
                format!("--kms {text} is not the ARN of a key"),
                "write arn:aws:kms:REGION:ACCOUNT:key/ID",
            )),
        }
    }

    /// Returns the region of the key.
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }
}

impl fmt::Display for KmsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
