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
    backends::aws::{
        credentials::CredentialsSource,
        http_client::http_client,
        sdk_settings::{
            self,
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
                    let problems = sdk_settings::credential_problems().await;
                    Err(if problems.is_empty() {
                        explain(&error)
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

/// Without credentials AWS would refuse the request (`MissingAuthenticationToken`), which is `AccessDenied`; so
/// it is too where the request is not even sent.
fn explain(error: &CredentialsError) -> Error {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => Error::new(
            ErrorKind::AccessDenied,
            "there are no AWS credentials: not in variables, in the profile, of a web identity, a container or an instance",
        )
        .with_help(where_to_set_them()),
        CredentialsError::InvalidConfiguration(_) => match sdk_settings::container_variable() {
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
            "look at ~/.aws/config and at AWS_PROFILE if it is set; for a profile of IAM Identity Center (SSO) or with a credential_process: eval \"$(aws configure export-credentials --format env)\"",
            ),
        },
        CredentialsError::ProviderTimedOut(_) => Error::new(
            ErrorKind::Timeout,
            format!("the AWS credentials did not come in time: {}", cause(error)),
        )
        .with_help("look at where they come from, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        _ => Error::new(
            ErrorKind::AccessDenied,
            format!("the AWS credentials cannot be had: {}", cause(error)),
        )
        .with_help(format!("{}; then see that `aws sts get-caller-identity` works in the same environment", where_to_set_them())),
    }
}

fn where_to_set_them() -> String {
    match sdk_settings::chosen_profile() {
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
