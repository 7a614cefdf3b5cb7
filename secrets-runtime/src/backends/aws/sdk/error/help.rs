use secrets_spec::{SecretArn, shell_word};

use crate::{
    backends::aws::sdk::{
        error::{AwsFailure, CREDENTIALS_HELP},
        scope::{AwsService, Scope},
    },
    core::error::ErrorKind,
};

impl AwsFailure {
    /// Returns what to do about the failure. `id` is what was asked for.
    pub(super) fn help(&self, id: &str, scope: &Scope) -> String {
        let (region, word) = (&scope.region, shell_word(id));
        let who = if scope.role.is_some() { "the role" } else { "the caller" };
        if scope.service == AwsService::ParameterStore
            && let Some(help) = self.help_with_parameter(id, region, who)
        {
            return help;
        }
        match self.kind {
            ErrorKind::NotFound if self.has_no_value() => format!(
                "give it one: aws secretsmanager put-secret-value --secret-id {word} --region {region}; or see which versions it has: list-secret-version-ids"
            ),
            ErrorKind::NotFound => missing(id, region),
            ErrorKind::Deleted => format!(
                "restore it: aws secretsmanager restore-secret --secret-id {word} --region {region}"
            ),
            ErrorKind::AccessDenied if self.is_about_credentials() => CREDENTIALS_HELP.to_owned(),
            ErrorKind::AccessDenied => {
                format!(
                    "{who} needs secretsmanager:GetSecretValue on it, and on a secret of another account its resource policy must permit it too; AWS also reports this for a secret that does not exist, so check the name and that {region} is its region"
                )
            }
            ErrorKind::DecryptionFailed => {
                format!("{who} needs kms:Decrypt on the secret's KMS key, which must be enabled; from another account the key's policy must permit it too")
            }
            ErrorKind::Throttled => "try again later, or ask for a higher quota".to_owned(),
            ErrorKind::Timeout => format!(
                "check the network, that {region} is a region, and AWS_ENDPOINT_URL if it is set; or allow more time with SECRETS_ATTEMPT_TIMEOUT and SECRETS_TIMEOUT (seconds)"
            ),
            ErrorKind::Unavailable if self.is_another() => {
                "check that AWS_ENDPOINT_URL and the proxies lead to AWS, or report it to those who run that server".to_owned()
            }
            ErrorKind::Unavailable => format!(
                "check the network and its proxies, that {region} is a region, and AWS_ENDPOINT_URL if it is set"
            ),
            ErrorKind::InvalidSource => {
                "write a secret's name, or its ARN with or without the six characters at its end".to_owned()
            }
            ErrorKind::InvalidConfig => {
                "look at AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_SECRETS_MANAGER, AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, and at the corresponding keys of the profile".to_owned()
            }
            ErrorKind::InvalidName => "choose another name, or update that secret".to_owned(),
            _ => format!("see what `aws secretsmanager describe-secret --secret-id {word} --region {region}` says"),
        }
    }

    /// Returns what to do about the failure of a parameter, where it is something else than for a secret.
    fn help_with_parameter(&self, id: &str, region: &str, who: &str) -> Option<String> {
        let word = shell_word(id);
        Some(match self.kind {
            ErrorKind::NotFound if id.ends_with("/*") => format!(
                "check the path, that {region} is its region, and that there are parameters directly below it: a path further down is a set of its own"
            ),
            ErrorKind::NotFound => format!(
                "check the name, its version or label, and that {region} is its region (an ARN's, `options.region`, SECRETS_AWS_REGION and AWS_REGION count in this order); a parameter of another account is named by its ARN"
            ),
            ErrorKind::AccessDenied if self.is_about_credentials() => return None,
            ErrorKind::AccessDenied if id.ends_with("/*") => {
                format!("{who} needs ssm:GetParametersByPath on the path")
            }
            ErrorKind::AccessDenied => format!(
                "{who} needs ssm:GetParameters on it; check the name too, and that {region} is its region"
            ),
            ErrorKind::DecryptionFailed => format!(
                "{who} needs kms:Decrypt on the parameter's KMS key, which must be enabled; from another account the key's policy must permit it too"
            ),
            ErrorKind::InvalidSource => {
                "write a parameter's name, its ARN, or a path and `/*`".to_owned()
            }
            ErrorKind::InvalidConfig => {
                "look at AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_SSM, AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, and at the corresponding keys of the profile".to_owned()
            }
            ErrorKind::Throttled | ErrorKind::Timeout | ErrorKind::Unavailable => return None,
            _ => format!("see what `aws ssm get-parameters --names {word} --region {region}` says"),
        })
    }
}

/// What a secret that is not found may be instead.
fn missing(id: &str, region: &str) -> String {
    let arn = SecretArn::parse(id).ok();
    let name = arn.as_ref().map_or(id, SecretArn::resource_name);
    let cut = name.len().checked_sub(7).and_then(|end| name.split_at_checked(end));
    let suffix = cut.filter(|(name, suffix)| {
        let six = suffix.strip_prefix('-');
        !name.is_empty() && six.is_some_and(|six| six.bytes().all(|b| b.is_ascii_alphanumeric()))
    });
    match (&arn, suffix) {
        (Some(_), Some((_, suffix))) => format!(
            "check the ARN; if the secret's own name ends with `{suffix}`, AWS takes that for the end of a full ARN: add the hyphen and the six characters that it has itself"
        ),
        (None, Some((name, suffix))) => format!(
            "check the name and that {region} is its region; if `{suffix}` is the end of its ARN, the name is `{name}`"
        ),
        (Some(_), None) => "check the ARN: its region, its account and its name".to_owned(),
        (None, None) => format!(
            "check the name, and that {region} is its region (an ARN's, `options.region`, SECRETS_AWS_REGION and AWS_REGION count in this order); a secret of another account is named by its ARN"
        ),
    }
}
