use aws_sdk_secretsmanager::{
    config::{ConfigBag, Intercept, interceptors::BeforeSerializationInterceptorContextRef},
    error::BoxError,
};
use aws_smithy_runtime_api::client::orchestrator::SensitiveOutput;

/// Keeps the SDK from logging the body of any answer. By itself it spares only the answers that hold values,
/// and not the errors, which may repeat what was sent.
#[derive(Debug)]
pub(super) struct RedactResponses;

impl Intercept for RedactResponses {
    fn name(&self) -> &'static str {
        "quiet"
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
