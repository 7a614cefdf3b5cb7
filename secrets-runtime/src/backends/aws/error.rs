use std::error::Error as StdError;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;
use secrets_spec::SecretArn;

use crate::{
    backends::aws::{
        http_client::{is_too_long, too_long},
        scope::Scope,
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
    /// One of ours, which came through the SDK.
    own: Option<Error>,
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
            SdkError::ResponseError(_) if is_too_long(error) => Self::of_own(too_long()),
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
        Self { kind: ErrorKind::NotFound, code, said: Some(said), own: None }
    }

    /// An answer about another secret, which the one that was asked for must not be taken from.
    pub(super) fn of_another(name: &str, arn: &str) -> Self {
        let arn = if arn.is_empty() { "without an ARN".to_owned() } else { short(arn) };
        let said = format!("`{}`, {arn}", short(name));
        Self { said: Some(said), ..Self::plain(ErrorKind::Unavailable, ANOTHER) }
    }

    pub(super) fn late() -> Self {
        Self::plain(ErrorKind::Timeout, "no answer in time")
    }

    fn plain(kind: ErrorKind, code: impl Into<String>) -> Self {
        Self { kind, code: code.into(), said: None, own: None }
    }

    fn of_code(code: &str, message: Option<&str>, status: Option<u16>) -> Self {
        // The JSON protocol may put a namespace before it and an address behind it.
        let code = code.rsplit('#').next().unwrap_or(code).split(':').next().unwrap_or(code);
        let said = message.map(str::to_lowercase).unwrap_or_default();
        let kind = match (kind_of_code(code), status) {
            (Some(ErrorKind::AccessDenied), _)
                if said.contains("kms:") || said.contains("to kms ") =>
            {
                ErrorKind::DecryptionFailed
            }
            (Some(kind), _) => kind,
            (None, _) if code == "InvalidRequestException" => {
                let deleted = said.contains("deletion") || said.contains("deleted");
                if deleted { ErrorKind::Deleted } else { ErrorKind::Other }
            }
            (None, Some(status)) => kind_of_status(status),
            (None, None) => ErrorKind::Other,
        };
        let said = message.filter(|message| !message.is_empty()).map(short);
        Self { kind, code: escape::escape_name(code), said, own: None }
    }

    fn of_own(own: Error) -> Self {
        let kind = own.kind();
        Self { own: Some(own), ..Self::plain(kind, "no request") }
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
            if let Some(own) = error.downcast_ref::<Error>() {
                return Self::of_own(own.clone());
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

    pub(super) fn own(&self) -> Option<Error> {
        self.own.clone()
    }

    /// Whether a batch failed as a whole because batches are not for this caller or server, or are too many.
    pub(super) fn refuses_batches(&self) -> bool {
        self.own.is_none()
            && !self.is_about_credentials()
            && matches!(
                self.kind,
                ErrorKind::AccessDenied | ErrorKind::NotSupported | ErrorKind::Throttled
            )
    }

    /// Whether AWS does not know who is asking.
    pub(super) fn is_about_credentials(&self) -> bool {
        CREDENTIALS.contains(&self.code.as_str())
    }

    /// Drops the message of AWS: it may repeat what was sent.
    pub(super) fn of_writing(self) -> Self {
        Self { said: None, ..self }
    }

    /// The error, for a secret that was looked for in this scope.
    pub(super) fn explain(&self, id: &str, scope: &Scope) -> Error {
        if let Some(own) = &self.own {
            return own.clone();
        }
        let id = escape::escape_name(id);
        let what = match self.kind {
            ErrorKind::NotFound if self.has_no_value() => {
                format!("`{id}` has no value in this version")
            }
            ErrorKind::NotFound => format!("there is no secret `{id}`"),
            ErrorKind::Deleted => format!("`{id}` is scheduled for deletion"),
            ErrorKind::AccessDenied if self.is_about_credentials() => {
                "AWS does not accept the credentials".to_owned()
            }
            ErrorKind::AccessDenied => format!("`{id}` is not permitted"),
            ErrorKind::DecryptionFailed => format!("`{id}` cannot be decrypted"),
            ErrorKind::Throttled => "there are too many requests".to_owned(),
            ErrorKind::Timeout => "it did not answer in time".to_owned(),
            ErrorKind::Unavailable if self.is_another() => {
                format!("another secret was answered instead of `{id}`")
            }
            ErrorKind::Unavailable => "it cannot be reached, or fails".to_owned(),
            ErrorKind::InvalidSource => format!("AWS takes `{id}` for no secret's name"),
            ErrorKind::InvalidName => format!("there is a secret `{id}` already"),
            ErrorKind::InvalidConfig => "the settings lead to no address".to_owned(),
            _ => format!("`{id}` cannot be had"),
        };
        let said = self.said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
        let error = Error::new(self.kind, format!("{scope}: {what} ({}{said})", self.code));
        error.with_help(self.help(&id, scope))
    }

    /// The error, for a call that is not about a secret.
    pub(super) fn explain_call(&self, call: &str) -> Error {
        if let Some(own) = &self.own {
            return own.clone();
        }
        let error = Error::new(self.kind, format!("{call} failed ({})", self.code));
        error.with_help(self.help("", &Scope { role: None, region: "the region".to_owned() }))
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

    fn help(&self, id: &str, scope: &Scope) -> String {
        let region = &scope.region;
        match self.kind {
            ErrorKind::NotFound if self.has_no_value() => format!(
                "give it one: aws secretsmanager put-secret-value --secret-id {id} --region {region}; or see which versions it has: list-secret-version-ids"
            ),
            ErrorKind::NotFound => missing(id, region),
            ErrorKind::Deleted => format!(
                "restore it: aws secretsmanager restore-secret --secret-id {id} --region {region}"
            ),
            ErrorKind::AccessDenied if self.is_about_credentials() => CREDENTIALS_HELP.to_owned(),
            ErrorKind::AccessDenied => {
                let who = if scope.role.is_some() { "the role" } else { "the caller" };
                format!(
                    "{who} needs secretsmanager:GetSecretValue on it, and on a secret of another account its resource policy must permit it too; AWS says the same of many a secret that does not exist, so check the name and that {region} is its region"
                )
            }
            ErrorKind::DecryptionFailed => {
                let who = if scope.role.is_some() { "the role" } else { "the caller" };
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
                "look at AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_SECRETS_MANAGER, AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, and at the same in the profile".to_owned()
            }
            ErrorKind::InvalidName => "choose another name, or update that secret".to_owned(),
            _ => format!("see what `aws secretsmanager describe-secret --secret-id {id} --region {region}` says"),
        }
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

/// What stands in the place of AWS's code where the answer is about another secret.
const ANOTHER: &str = "found";

/// One line, not too long.
fn short(said: &str) -> String {
    let mut text: String = said.chars().take(400).collect();
    if said.chars().nth(400).is_some() {
        text.push_str("..");
    }
    escape::escape_controls(text)
}

/// AWS does not know who is asking
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html>).
const CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

const CREDENTIALS_HELP: &str = "they may be expired, of another account or mistyped, or this machine's clock wrong: see what `aws sts get-caller-identity` says with them (SECRETS_AWS_CREDENTIALS_FROM, if it is set, names where they are)";

fn kind_of_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "ResourceNotFoundException" => ErrorKind::NotFound,
        "AccessDenied"
        | "AccessDeniedException"
        | "NotAuthorized"
        | "OptInRequired"
        | "RegionDisabledException"
        | "UnauthorizedOperation" => ErrorKind::AccessDenied,
        code if CREDENTIALS.contains(&code) => ErrorKind::AccessDenied,
        "DecryptionFailure" | "DecryptionFailureException" | "EncryptionFailure" => {
            ErrorKind::DecryptionFailed
        }
        code if code.starts_with("KMS") => ErrorKind::DecryptionFailed,
        "InvalidParameterException"
        | "InvalidParameterValue"
        | "ValidationError"
        | "ValidationException" => ErrorKind::InvalidSource,
        "ResourceExistsException" => ErrorKind::InvalidName,
        "LimitExceededException"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException" => ErrorKind::Throttled,
        "RequestTimeout" | "RequestTimeoutException" => ErrorKind::Timeout,
        "InternalFailure"
        | "InternalServerError"
        | "InternalServiceError"
        | "InternalServiceErrorException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => ErrorKind::Unavailable,
        "InvalidAction"
        | "NotImplemented"
        | "UnknownOperation"
        | "UnknownOperationException"
        | "UnsupportedOperation"
        | "UnsupportedOperationException" => ErrorKind::NotSupported,
        _ => return None,
    })
}

fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 | 403 => ErrorKind::AccessDenied,
        408 | 504 => ErrorKind::Timeout,
        429 => ErrorKind::Throttled,
        501 => ErrorKind::NotSupported,
        // No answer of Secrets Manager, so of something else that stands in its place.
        404 | 405 | 500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Other,
    }
}
