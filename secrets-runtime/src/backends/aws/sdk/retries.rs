//! Which requests are sent again, beside those of the SDK's own rules.

use aws_sdk_secretsmanager::{
    config::{
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction},
    },
    operation::{
        batch_get_secret_value::BatchGetSecretValueError, describe_secret::DescribeSecretError,
        get_secret_value::GetSecretValueError,
    },
};

use aws_smithy_runtime_api::client::retries::classifiers::RetryClassifierPriority;
use aws_smithy_types::error::ErrorMetadata;

use crate::{
    backends::aws::sdk::{error::AwsFailure, http_client::is_too_long},
    core::error::ErrorKind,
};

/// A service's own troubles pass, whatever the HTTP status they come with.
#[derive(Debug)]
pub(super) struct TransientErrors;

impl ClassifyRetry for TransientErrors {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        // The next one would be as long.
        if context.output_or_error().and_then(Result::err).is_some_and(|error| is_too_long(error)) {
            return RetryAction::RetryForbidden;
        }
        match kind(context) {
            Some(ErrorKind::Unavailable | ErrorKind::Timeout) => RetryAction::server_error(),
            Some(ErrorKind::Throttled) => RetryAction::throttling_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "transient errors of the service"
    }
}

/// A batch that is throttled is not sent again: single requests have a quota of their own, a hundred times as
/// large.
#[derive(Debug)]
pub(super) struct NoRetryOfThrottledBatches;

impl ClassifyRetry for NoRetryOfThrottledBatches {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let status = context.response().map(|response| response.status().as_u16());
        if kind(context) == Some(ErrorKind::Throttled) || status == Some(429) {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "throttled batches of Secrets Manager"
    }

    fn priority(&self) -> RetryClassifierPriority {
        // After all others: the last word is the one that counts.
        RetryClassifierPriority::run_after(TransientErrors.priority())
    }
}

/// Returns the kind of an error by its code.
fn kind(context: &InterceptorContext) -> Option<ErrorKind> {
    let error = context.output_or_error()?.err()?.as_operation_error()?;
    let single = error.downcast_ref().map(GetSecretValueError::meta);
    let batch = || error.downcast_ref().map(BatchGetSecretValueError::meta);
    let described = || error.downcast_ref().map(DescribeSecretError::meta);
    let of_parameters = || error.downcast_ref::<ErrorMetadata>();
    let code = single.or_else(batch).or_else(described).or_else(of_parameters)?.code()?;
    Some(AwsFailure::of_item(code, None).kind())
}
