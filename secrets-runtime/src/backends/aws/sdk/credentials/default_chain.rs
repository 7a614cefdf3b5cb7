use std::{fmt, time::Duration};

use aws_config::{
    SdkConfig, default_provider::credentials::DefaultCredentialsChain, imds,
    provider_config::ProviderConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError},
};

use crate::{
    backend::BoxFuture,
    backends::aws::sdk::{
        credentials::CredentialsSource,
        http_client::http_client,
        settings::{
            self,
            profiles::CredentialsMethod,
            texts::{said, shown},
        },
    },
    core::error::{Error, ErrorKind},
};

/// How long the instance metadata service may take to be reached. Where it exists it is a hop away; where it
/// does not, requests to its address are often dropped, not refused.
const IMDS_CONNECT: Duration = Duration::from_millis(300);

/// Creates the client of the instance metadata service, with a short timeout.
pub(in crate::backends::aws) fn imds() -> imds::Client {
    let config = ProviderConfig::without_region().with_http_client(http_client());
    imds::Client::builder().configure(&config).connect_timeout(IMDS_CONNECT).build()
}

/// The SDK's own chain of credentials: variables, profiles, web identity, container, instance.
pub(in crate::backends::aws) struct DefaultChain(DefaultCredentialsChain);

impl DefaultChain {
    pub(in crate::backends::aws) async fn of(sdk: &SdkConfig) -> Self {
        let config = ProviderConfig::without_region()
            .with_http_client(http_client())
            .with_behavior_version(sdk.behavior_version())
            .with_use_fips(sdk.use_fips())
            .with_use_dual_stack(sdk.use_dual_stack());
        let chain = DefaultCredentialsChain::builder()
            .configure(config)
            .imds_client(imds())
            .region(sdk.region().cloned());
        Self(chain.build().await)
    }
}

impl CredentialsSource for DefaultChain {
    fn load(&self) -> BoxFuture<'_, Result<Credentials, Error>> {
        Box::pin(async {
            match self.0.provide_credentials().await {
                Ok(credentials) => Ok(credentials),
                Err(error) => {
                    let problems = settings::credential_problems().await;
                    Err(if problems.is_empty() {
                        match settings::credentials_method().await {
                            Some(method) if !has_keys_of_variables() => {
                                explain_with_method(&error, &method)
                            }
                            _ => explain(&error),
                        }
                    } else {
                        Error::from_problems(problems)
                    })
                }
            }
        })
    }
}

impl fmt::Debug for DefaultChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DefaultChain")
    }
}

/// Whether the environment has credentials, which the SDK takes before those of a profile.
fn has_keys_of_variables() -> bool {
    std::env::var_os("AWS_ACCESS_KEY_ID").is_some_and(|id| !id.is_empty())
}

/// What went wrong with the credentials of a profile. What a program writes may be a credential, and is not shown.
fn explain_with_method(error: &CredentialsError, method: &CredentialsMethod) -> Error {
    let is_late = matches!(error, CredentialsError::ProviderTimedOut(_));
    let kind = if is_late { ErrorKind::Timeout } else { ErrorKind::AccessDenied };
    match method {
        CredentialsMethod::SignIn(profile) => {
            let profile = shown(profile);
            let message = format!(
                "the AWS profile `{profile}` is not signed in, or its session has expired: {}",
                cause(error)
            );
            let word = secrets_spec::shell_word(&profile);
            Error::new(kind, message).with_help(format!("run `aws sso login --profile {word}`"))
        }
        CredentialsMethod::Process(profile) => {
            let profile = shown(profile);
            let what = what_failed(&cause(error));
            let message = format!("the `credential_process` of the AWS profile `{profile}` {what}");
            Error::new(kind, message).with_help(
                "run it by hand: it prints one JSON object with Version, AccessKeyId and SecretAccessKey, and ends with 0",
            )
        }
    }
}

/// What the SDK says about a program, without what that has written.
fn what_failed(said: &str) -> String {
    let code = said.split_once("exited with code ").map(|(_, rest)| rest);
    match code.and_then(|rest| rest.split_once(". Stderr:")) {
        Some((code, _)) => format!("failed ({code})"),
        None if said.contains("could not parse response") => {
            "printed something else than credentials".to_owned()
        }
        None if said.contains("could not decode output") => {
            "printed something that is not text".to_owned()
        }
        None => "returned no credentials".to_owned(),
    }
}

/// Without credentials AWS would refuse the request (`MissingAuthenticationToken`), which is `AccessDenied`; so
/// it is too where the request is not even sent.
fn explain(error: &CredentialsError) -> Error {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => Error::new(
            ErrorKind::AccessDenied,
            "there are no AWS credentials: neither in variables nor in the profile, nor from a web identity, a container or an instance",
        )
        .with_help(where_to_set_them()),
        CredentialsError::InvalidConfiguration(_) => match settings::container_variable() {
            Some(variable) => Error::new(
                ErrorKind::InvalidConfig,
                format!("{variable}: {}", cause(error)),
            )
            .with_help("write an address with https, or one on this machine, or unset the variable"),
            None => Error::new(
                ErrorKind::InvalidConfig,
                format!("the AWS profile cannot be used: {}", cause(error)),
            )
            .with_help(
            "look at ~/.aws/config and at AWS_PROFILE if it is set; or: eval \"$(aws configure export-credentials --format env)\"",
            ),
        },
        CredentialsError::ProviderTimedOut(_) => Error::new(
            ErrorKind::Timeout,
            format!("the AWS credentials did not come in time: {}", cause(error)),
        )
        .with_help("look at where they come from, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        _ => Error::new(
            ErrorKind::AccessDenied,
            format!("no AWS credentials are available: {}", cause(error)),
        )
        .with_help(format!("{}; then see that `aws sts get-caller-identity` works in the same environment", where_to_set_them())),
    }
}

fn where_to_set_them() -> String {
    match settings::chosen_profile() {
        Some(profile) => format!(
            "check the profile `{}`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            shown(&profile)
        ),
        None => "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned(),
    }
}

/// The innermost cause, which is the one that says something.
fn cause(error: &CredentialsError) -> String {
    said(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_has_written_is_not_shown() {
        for (said, wanted) in [
            (
                "Error retrieving credentials: external process exited with code exit status: 3. Stderr: SeNtInEl",
                "failed (exit status: 3)",
            ),
            (
                "Error retrieving credentials from external process, could not parse response: SeNtInEl",
                "printed something else than credentials",
            ),
            ("SeNtInEl", "returned no credentials"),
        ] {
            assert_eq!(what_failed(said), wanted);
        }
        let error = CredentialsError::provider_error("a: exited with code 1. Stderr: SeNtInEl");
        let explained = explain_with_method(&error, &CredentialsMethod::Process("a".to_owned()));
        assert!(!format!("{explained} {explained:?}").contains("SeNtInEl"), "{explained:?}");
        let explained = explain_with_method(&error, &CredentialsMethod::SignIn("a".to_owned()));
        assert!(explained.to_string().contains("aws sso login --profile a"), "{explained}");
    }
}
