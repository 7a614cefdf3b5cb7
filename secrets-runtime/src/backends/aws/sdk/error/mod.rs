mod help;

use std::error::Error as StdError;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;

use crate::{
    backends::aws::{
        codes::{classify, is_about_credentials, kind_of_status},
        sdk::{
            http_client::{is_too_long, too_long},
            scope::{AwsService, Scope},
        },
    },
    core::{
        error::{Error, ErrorKind},
        escape,
    },
};

/// Why a request to AWS failed, or one item of a batch.
#[derive(Debug)]
pub(super) struct AwsFailure {
    kind: ErrorKind,
    /// AWS's code, else what happened in a word or two.
    code: String,
    /// What AWS says. It says it of names, principals and keys; of what is written it is not kept.
    said: Option<String>,
    /// An error of this library, which came through the SDK.
    library_error: Option<Error>,
}

impl AwsFailure {
    /// Classifies by AWS's error code, then by the HTTP status.
    pub(super) fn of<E>(error: &SdkError<E, Response>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        match error {
            SdkError::ServiceError(service) => {
                let meta = service.err().meta();
                match meta.code() {
                    Some(code) => Self::of_code(code, meta.message(), status),
                    None => Self::of_foreign(status),
                }
            }
            SdkError::TimeoutError(_) => Self::plain(ErrorKind::Timeout, "no answer in time"),
            SdkError::ResponseError(_) if is_too_long(error) => Self::of_library_error(too_long()),
            SdkError::ResponseError(_) => Self::of_foreign(status),
            SdkError::ConstructionFailure(_) => {
                Self { kind: ErrorKind::InvalidConfig, ..Self::of_sending(error) }
            }
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                Self::plain(ErrorKind::Timeout, "no connection in time")
            }
            other => Self::of_sending(other),
        }
    }

    /// Classifies an item of a batch.
    pub(super) fn of_item(code: &str, message: Option<&str>) -> Self {
        Self::of_code(code, message, None)
    }

    /// A version that has no value.
    pub(super) fn no_value() -> Self {
        let said = "there is no secret value".to_owned();
        let code = "ResourceNotFoundException".to_owned();
        Self { kind: ErrorKind::NotFound, code, said: Some(said), library_error: None }
    }

    /// An answer about another secret, which the one that was asked for must not be taken from.
    pub(super) fn of_another(name: &str, arn: &str) -> Self {
        let arn = if arn.is_empty() { "without an ARN".to_owned() } else { short(arn) };
        let said = format!("`{}`, {arn}", short(name));
        Self { said: Some(said), ..Self::plain(ErrorKind::Unavailable, ANOTHER) }
    }

    /// An answer that is not one of AWS.
    pub(super) fn unreadable() -> Self {
        Self::of_foreign(None)
    }

    pub(super) fn timed_out() -> Self {
        Self::plain(ErrorKind::Timeout, "no answer in time")
    }

    fn plain(kind: ErrorKind, code: impl Into<String>) -> Self {
        Self { kind, code: code.into(), said: None, library_error: None }
    }

    fn of_code(code: &str, message: Option<&str>, status: Option<u16>) -> Self {
        let (code, kind) = classify(code, message, status);
        let said = message.filter(|message| !message.is_empty()).map(short);
        Self { kind, code, said, library_error: None }
    }

    fn of_library_error(error: Error) -> Self {
        let kind = error.kind();
        Self { library_error: Some(error), ..Self::plain(kind, "no request") }
    }

    /// An answer without a code of AWS: cut, no JSON, or of something else that stands in its place.
    fn of_foreign(status: Option<u16>) -> Self {
        match status.filter(|status| *status >= 400) {
            Some(status) => Self::plain(kind_of_status(status), format!("HTTP status {status}")),
            None => Self::plain(ErrorKind::Unavailable, "an answer that cannot be read"),
        }
    }

    /// The request was not sent, or the connection broke.
    fn of_sending(error: &(dyn StdError + 'static)) -> Self {
        let mut last = error;
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<Error>() {
                return Self::of_library_error(error.clone());
            }
            (last, cause) = (error, error.source());
        }
        // The innermost is the one that says something: of the network, of the address, of the certificate.
        Self::plain(ErrorKind::Unavailable, short(&last.to_string()))
    }

    pub(super) fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn library_error(&self) -> Option<Error> {
        self.library_error.clone()
    }

    /// Whether a batch failed as a whole because batches are not for this caller or server, or are too many.
    pub(super) fn refuses_batches(&self) -> bool {
        self.library_error.is_none()
            && !self.is_about_credentials()
            && matches!(
                self.kind,
                ErrorKind::AccessDenied | ErrorKind::NotSupported | ErrorKind::Throttled
            )
    }

    /// Whether a request about several secrets may have failed because of one of them.
    pub(super) fn is_about_what_is_asked(&self) -> bool {
        self.library_error.is_none() && !self.is_about_credentials() && !self.kind.is_transient()
    }

    /// Whether AWS does not know who is asking.
    pub(super) fn is_about_credentials(&self) -> bool {
        is_about_credentials(&self.code)
    }

    /// Drops the message of AWS: it may repeat what was sent.
    pub(super) fn of_writing(self) -> Self {
        Self { said: None, ..self }
    }

    /// The error, for a secret that was looked for in this scope.
    pub(super) fn explain(&self, id: &str, scope: &Scope) -> Error {
        if let Some(error) = &self.library_error {
            return error.clone();
        }
        let id = escape::escape_name(id);
        let noun = scope.service.noun();
        let what = match self.kind {
            ErrorKind::NotFound if self.has_no_value() => {
                format!("`{id}` has no value in this version")
            }
            ErrorKind::NotFound => format!("there is no {noun} `{id}`"),
            ErrorKind::Deleted => format!("`{id}` is scheduled for deletion"),
            ErrorKind::AccessDenied if self.is_about_credentials() => {
                "AWS does not accept the credentials".to_owned()
            }
            ErrorKind::AccessDenied => format!("`{id}` is not permitted"),
            ErrorKind::DecryptionFailed => format!("`{id}` cannot be decrypted"),
            ErrorKind::Throttled => "there are too many requests".to_owned(),
            ErrorKind::Timeout => "it did not answer in time".to_owned(),
            ErrorKind::Unavailable if self.is_another() => {
                format!("AWS returned another {noun} instead of `{id}`")
            }
            ErrorKind::Unavailable => "it cannot be reached, or fails".to_owned(),
            ErrorKind::InvalidSource => {
                format!("AWS does not accept `{id}` as the name of a {noun}")
            }
            ErrorKind::InvalidName => format!("there is a secret `{id}` already"),
            ErrorKind::InvalidConfig => "the settings yield no address".to_owned(),
            _ => format!("`{id}` cannot be read"),
        };
        let said = self.said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
        let error = Error::new(self.kind, format!("{scope}: {what} ({}{said})", self.code));
        error.with_help(self.help(&id, scope))
    }

    /// The error, for a call that is not about a secret.
    pub(super) fn explain_call(&self, call: &str) -> Error {
        if let Some(error) = &self.library_error {
            return error.clone();
        }
        let error = Error::new(self.kind, format!("{call} failed ({})", self.code));
        let region = "the region".to_owned();
        let scope = Scope { service: AwsService::SecretsManager, role: None, region };
        error.with_help(self.help("", &scope))
    }

    /// The error, for credentials that AWS does not accept.
    pub(super) fn about_credentials(&self) -> Error {
        let message = format!("AWS does not accept the credentials ({})", self.code);
        Error::new(ErrorKind::AccessDenied, message).with_help(CREDENTIALS_HELP)
    }

    fn is_another(&self) -> bool {
        self.code == ANOTHER
    }

    fn has_no_value(&self) -> bool {
        self.said.as_ref().is_some_and(|said| said.contains("secret value"))
    }
}

/// What stands in the place of AWS's code where the answer is about another secret.
const ANOTHER: &str = "found";

const CREDENTIALS_HELP: &str = "they may have expired, belong to another account or be mistyped, or this machine's clock may be wrong: see what `aws sts get-caller-identity` says with them (SECRETS_AWS_CREDENTIALS_FROM, if it is set, names where they are)";

/// One line, not too long.
fn short(said: &str) -> String {
    let mut text: String = said.chars().take(400).collect();
    if said.chars().nth(400).is_some() {
        text.push_str("..");
    }
    escape::escape_controls(text)
}
