//! The two calls of Systems Manager that are made, by the SDK's runtime. The SDK's own crate for it has 150 operations and
//! takes longer to compile than its other crates together; what the two calls need of it is in this file.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_config::{BehaviorVersion, Region, SdkConfig, identity::IdentityCache, retry::RetryConfig};
use aws_runtime::{
    auth::{SigV4OperationSigningConfig, SigningOptions, sigv4},
    invocation_id::InvocationIdInterceptor,
    recursion_detection::RecursionDetectionInterceptor,
    request_info::RequestInfoInterceptor,
    retries::classifiers::AwsErrorCodeClassifier,
    service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor},
    user_agent::{ApiMetadata, UserAgentInterceptor},
};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        auth::{
            AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
            static_resolver::StaticAuthSchemeOptionResolver,
        },
        identity::SharedIdentityResolver,
        orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
        runtime_components::RuntimeComponentsBuilder,
        runtime_plugin::StaticRuntimePlugin,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::Layer, error::ErrorMetadata};
use aws_types::{SigningName, region::SigningRegion};

use crate::{
    backends::aws::sdk::{
        clients::Clients,
        error::AwsFailure,
        interceptors::{RedactResponses, WarnPlaintextEndpoint},
        retries::TransientErrors,
        scope::Scope,
        ssm::endpoint::endpoint,
    },
    core::{error::Error, secret_value::SecretValue},
    payload::json::{self, Json, form::Form},
};

/// A call: the JSON of its input becomes that of its output.
type Call = Operation<String, SecretValue, ErrorMetadata>;

/// The clients of Systems Manager: one for each region and role, created when it is first needed.
pub(super) struct ParameterClients {
    pub clients: Arc<Clients>,
    scopes: Mutex<HashMap<Scope, Arc<ParameterClient>>>,
}

/// The client of a scope.
#[derive(Debug)]
pub(super) struct ParameterClient {
    pub scope: Scope,
    get_parameters: Call,
    get_parameters_by_path: Call,
}

impl ParameterClients {
    pub(super) fn new(clients: Arc<Clients>) -> Self {
        Self { clients, scopes: Mutex::default() }
    }

    /// Returns the client of a scope, whose role has been assumed.
    pub(super) async fn client(&self, scope: &Scope) -> Result<Arc<ParameterClient>, Error> {
        let config = self.clients.scope_config(scope, "AWS_ENDPOINT_URL_SSM").await?;
        let known = |scopes: &HashMap<_, Arc<ParameterClient>>| scopes.get(scope).cloned();
        if let Some(known) = known(&self.scopes.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(known);
        }
        let url = endpoint(&config, &scope.region).await?;
        let call = |name| call(name, &config, &scope.region, &url);
        let client = Arc::new(ParameterClient {
            scope: scope.clone(),
            get_parameters: call("GetParameters"),
            get_parameters_by_path: call("GetParametersByPath"),
        });
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(scopes.entry(scope.clone()).or_insert(client).clone())
    }
}

impl ParameterClient {
    /// Calls `GetParameters`, with the JSON of its input.
    pub(super) async fn get_parameters(&self, input: String) -> Result<SecretValue, AwsFailure> {
        self.get_parameters.invoke(input).await.map_err(|error| AwsFailure::of(&error))
    }

    /// Calls `GetParametersByPath`, with the JSON of its input.
    pub(super) async fn get_by_path(&self, input: String) -> Result<SecretValue, AwsFailure> {
        self.get_parameters_by_path.invoke(input).await.map_err(|error| AwsFailure::of(&error))
    }
}

/// Creates a call, as the SDK's own crates create theirs: with the retries, timeouts, credentials, proxies and
/// connections of the settings.
fn call(name: &'static str, config: &SdkConfig, region: &str, url: &str) -> Call {
    let region = Region::new(region.to_owned());
    let mut layer = Layer::new("secrets-runtime");
    layer.store_put(region.clone());
    layer.store_put(SigningRegion::from(region));
    layer.store_put(SigningName::from_static("ssm"));
    layer.store_put(ApiMetadata::new("ssm", env!("CARGO_PKG_VERSION")));
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    let mut signing = SigningOptions::default();
    signing.double_uri_encode = true;
    signing.normalize_uri_path = true;
    layer.store_put(SigV4OperationSigningConfig { signing_options: signing, ..Default::default() });
    if let Some(name) = config.app_name() {
        layer.store_put(name.clone());
    }
    let mut components = RuntimeComponentsBuilder::new("secrets-runtime")
        .with_auth_scheme(SharedAuthScheme::new(sigv4::SigV4AuthScheme::new()))
        .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(
            StaticAuthSchemeOptionResolver::new(vec![sigv4::SCHEME_ID]),
        )))
        // They are cached already.
        .with_identity_cache(Some(IdentityCache::no_cache()))
        .with_interceptor(ServiceClockSkewInterceptor::new())
        .with_interceptor(RequestInfoInterceptor::new())
        .with_interceptor(UserAgentInterceptor::new())
        .with_interceptor(InvocationIdInterceptor::new())
        .with_interceptor(RecursionDetectionInterceptor::new())
        .with_interceptor(RedactResponses)
        .with_interceptor(WarnPlaintextEndpoint)
        .with_retry_classifier(HttpStatusCodeClassifier::default())
        .with_retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
        .with_retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
        .with_retry_classifier(ServiceClockSkewClassifier::<ErrorMetadata>::new())
        .with_retry_classifier(TransientErrors);
    if let Some(credentials) = config.credentials_provider() {
        let resolver = SharedIdentityResolver::new(credentials);
        components.set_identity_resolver(sigv4::SCHEME_ID, resolver);
    }
    let retries = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    let mut builder = Operation::builder()
        .service_name("ssm")
        .operation_name(name)
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(url)
        .standard_retry(&retries)
        .with_connection_poisoning();
    if let Some(client) = config.http_client() {
        builder = builder.http_client(client);
    }
    if let Some(timeouts) = config.timeout_config() {
        builder = builder.timeout_config(timeouts.clone());
    }
    if let Some(sleep) = config.sleep_impl() {
        builder = builder.sleep_impl(sleep);
    }
    if let Some(time) = config.time_source() {
        builder = builder.time_source(time);
    }
    let settings =
        StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components);
    builder
        .runtime_plugin(settings)
        .serializer(move |input| request(name, input))
        .deserializer(answer)
        .build()
}

fn request(name: &str, input: String) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(input));
    request.set_method("POST")?;
    request.set_uri("/")?;
    let headers = request.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.1");
    headers.insert("x-amz-target", format!("AmazonSSM.{name}"));
    Ok(request)
}

/// Takes the JSON of an answer, or the error in it.
fn answer(response: &HttpResponse) -> Result<SecretValue, OrchestratorError<ErrorMetadata>> {
    let body = SecretValue::from(response.body().bytes().unwrap_or_default().to_vec());
    if response.status().is_success() {
        return match json::is_object(&body) {
            true => Ok(body),
            false => Err(OrchestratorError::response("the answer is not JSON".into())),
        };
    }
    let members = json::object(&body).unwrap_or_default();
    // An error of AWS has no value of a secret in it.
    let text = |names: [&str; 2]| {
        let is_it = |(name, json): &&(String, Json)| {
            json.form == Form::Text && names.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        let found = members.iter().find(is_it).map(|(_, json)| json)?;
        found.value.expose_str().ok().map(str::to_owned)
    };
    let header = response.headers().get("x-amzn-errortype").map(str::to_owned);
    let mut error = ErrorMetadata::builder();
    if let Some(code) = header.or_else(|| text(["__type", "code"])) {
        error = error.code(code);
    }
    if let Some(message) = text(["message", "errorMessage"]) {
        error = error.message(message);
    }
    Err(OrchestratorError::operation(error.build()))
}

impl fmt::Debug for ParameterClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clients.fmt(f)
    }
}
