use std::fmt;

use aws_credential_types::Credentials;
use aws_sdk_sts::{Client, operation::assume_role::AssumeRoleOutput};

use crate::{
    backend::BoxFuture,
    backends::aws::sdk::{credentials::CredentialsSource, error::AwsFailure},
    core::error::{Error, ErrorKind},
};

/// A role that the caller assumes.
pub(super) struct Role {
    pub arn: String,
    pub external_id: Option<String>,
    pub session_name: String,
    /// As the caller.
    pub sts: Client,
}

impl CredentialsSource for Role {
    fn load(&self) -> BoxFuture<'_, Result<Credentials, Error>> {
        Box::pin(async {
            let call = self
                .sts
                .assume_role()
                .role_arn(&self.arn)
                .role_session_name(&self.session_name)
                .set_external_id(self.external_id.clone());
            match call.send().await {
                Ok(output) => self.credentials(output),
                Err(error) => Err(self.refused(AwsFailure::of(&error)).await),
            }
        })
    }
}

impl Role {
    fn credentials(&self, output: AssumeRoleOutput) -> Result<Credentials, Error> {
        let incomplete = || {
            let message = format!("the answer to AssumeRole of {} has no credentials", self.arn);
            Error::new(ErrorKind::Unavailable, message)
                .with_help("is the endpoint (AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS) really AWS?")
        };
        let given = output.credentials.ok_or_else(incomplete)?;
        let expiry = given.expiration.try_into().map_err(|_| incomplete())?;
        Ok(Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            Some(expiry),
            "secrets-runtime",
        ))
    }

    /// What else AWS says to a caller that may assume nothing; then who that is, which AWS is asked for.
    async fn refused(&self, failure: AwsFailure) -> Error {
        if let Some(error) = failure.library_error() {
            return error;
        }
        if failure.is_about_credentials() {
            return failure.about_credentials();
        }
        if failure.kind().is_transient() {
            return failure.explain_call(&format!("assuming the role {}", self.arn));
        }
        let caller = match self.sts.get_caller_identity().send().await {
            Ok(output) => output.arn.unwrap_or_else(|| "the caller".to_owned()),
            Err(error) => match AwsFailure::of(&error) {
                // Everybody may ask who they are: the trouble is not with the role.
                who if who.kind() == ErrorKind::AccessDenied => return who.about_credentials(),
                _ => "the caller, whom AWS does not name,".to_owned(),
            },
        };
        let message = format!("{caller} may not assume the role {} ({})", self.arn, failure.code());
        let external = match &self.external_id {
            Some(_) => "the external id of SECRETS_AWS_EXTERNAL_ID is the one it asks for",
            None => "it asks for no external id (else set SECRETS_AWS_EXTERNAL_ID)",
        };
        Error::new(ErrorKind::RoleDenied, message).with_help(format!(
            "see that the role exists, that its trust policy names this caller, that the caller has sts:AssumeRole on it, and that {external}"
        ))
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Role").field("arn", &self.arn).finish_non_exhaustive()
    }
}
