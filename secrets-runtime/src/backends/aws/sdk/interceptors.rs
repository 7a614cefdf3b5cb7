//! What is done to every request of the SDK.

use aws_sdk_secretsmanager::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{
            BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
        },
    },
    error::BoxError,
};
use aws_smithy_runtime_api::client::orchestrator::SensitiveOutput;

use crate::backends::http::plaintext;

/// Keeps the SDK from logging the body of any answer. By itself the SDK leaves out only the answers that contain
/// values, and not the errors, which may repeat what was sent.
#[derive(Debug)]
pub(super) struct RedactResponses;

impl Intercept for RedactResponses {
    fn name(&self) -> &'static str {
        "redact responses"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(SensitiveOutput);
        Ok(())
    }
}

/// Warns of an endpoint that is reached without encryption. It looks at the requests, since an endpoint can be
/// set in many places.
#[derive(Debug)]
pub(super) struct WarnPlaintextEndpoint;

const SETTING: &str = "the endpoint that is set for AWS (with `with_endpoint_url`, AWS_ENDPOINT_URL or one of its \
                       kind, or `endpoint_url` in the profile)";

impl Intercept for WarnPlaintextEndpoint {
    fn name(&self) -> &'static str {
        "warn of a plaintext endpoint"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        plaintext::warn_if_plaintext(SETTING, context.request().uri());
        Ok(())
    }
}
