use aws_sdk_secretsmanager::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef,
    },
    error::BoxError,
};

use crate::backends::http::plaintext;

/// Warns of an endpoint that is reached without encryption. It looks at the requests, since an endpoint can be
/// set in many places.
#[derive(Debug)]
pub(super) struct WarnPlaintextEndpoint;

const SETTING: &str = "the endpoint that is set for AWS (with `with_endpoint_url`, AWS_ENDPOINT_URL or one of its \
                       kind, or `endpoint_url` in the profile)";

impl Intercept for WarnPlaintextEndpoint {
    fn name(&self) -> &'static str {
        "open endpoint"
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
