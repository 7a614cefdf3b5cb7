//! What the codes of AWS's errors mean.

use crate::core::{error::ErrorKind, escape};

/// Returns a code as it is shown and the kind of the error, by the code, then by the message, then by the HTTP status.
pub(super) fn classify(
    code: &str,
    message: Option<&str>,
    status: Option<u16>,
) -> (String, ErrorKind) {
    // The JSON protocol may put a namespace before it and an address behind it.
    let code = code.rsplit('#').next().unwrap_or(code).split(':').next().unwrap_or(code);
    let said = message.map(str::to_lowercase).unwrap_or_default();
    let kind = match (kind_of_code(code), status) {
        (Some(ErrorKind::AccessDenied), _) if said.contains("kms:") || said.contains("to kms ") => {
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
    (escape::escape_name(code), kind)
}

/// Returns the first word of a text that is a code of AWS's errors.
#[cfg(feature = "aws-agent")]
pub(super) fn code_in(text: &str) -> Option<&str> {
    let is_code = |word: &&str| {
        word.ends_with("Exception") || *word == "MaxRolesExceeded" || kind_of_code(word).is_some()
    };
    text.split(|c: char| !c.is_ascii_alphanumeric()).find(is_code)
}

/// Whether AWS does not know who is asking.
pub(super) fn is_about_credentials(code: &str) -> bool {
    CREDENTIALS.contains(&code)
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

fn kind_of_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "ParameterNotFound" | "ParameterVersionNotFound" | "ResourceNotFoundException" => {
            ErrorKind::NotFound
        }
        "AccessDenied"
        | "AccessDeniedException"
        | "NotAuthorized"
        | "OptInRequired"
        | "RegionDisabledException"
        | "UnauthorizedOperation" => ErrorKind::AccessDenied,
        code if CREDENTIALS.contains(&code) => ErrorKind::AccessDenied,
        "DecryptionFailure"
        | "DecryptionFailureException"
        | "EncryptionFailure"
        | "InvalidKeyId" => ErrorKind::DecryptionFailed,
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

pub(super) fn kind_of_status(status: u16) -> ErrorKind {
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
